//! The codec of all generated clients and servers: protobuf, with a bound on what a small message may blow up to.
//!
//! An empty sub-message takes two bytes on the wire and several hundred in memory: without a bound, 4 MiB of them become
//! more than a gigabyte before any handler can look at the list's length. So what is in a message is counted before
//! it is decoded, at every depth. The walk skips over texts, and costs next to nothing.

mod entries;

use std::marker::PhantomData;

use prost::{
    Message, Name,
    bytes::{Buf as _, BufMut as _},
};
use tonic::{
    Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

use self::entries::Most;

use crate::{Error, Path, Violations};

/// Most fields of one message, at any depth, repeated ones counted one by one. The longest list of the contract has 10,000 items.
pub const MAX_FIELDS: usize = 12_000;
/// Texts, bytes and messages that a message may have in it in all, however short it is ...
const FREE_ENTRIES: usize = 64 << 10;
/// ... and one more for each so many bytes. A batch of 1,000 leads with 100 technologies of three letters each needs less; a message of
/// nothing but empty ones has four times as many.
const BYTES_PER_ENTRY: usize = 8;

/// What a message is encoded into and decoded from begins as large as a lead, not as the 8 KiB of the default, and grows
/// when it must.
const BUFFER: usize = 1 << 10;
/// Encoded bytes of a stream that are handed on at once: the default.
const YIELD: usize = 32 << 10;

fn buffers() -> BufferSettings {
    BufferSettings::new(BUFFER, YIELD)
}

/// Encodes `T`, decodes `U`.
#[derive(Debug, Clone)]
pub struct BoundedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for BoundedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for BoundedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = WholeEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        WholeEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder(ProstCodec::<T, U>::raw_decoder(buffers()))
    }
}

/// Encodes a message as a whole before it goes into the buffer of the connection, which takes a write of a few bytes at several
/// times the price that a vector does.
#[derive(Debug, Clone)]
pub struct WholeEncoder<T>(PhantomData<T>);

impl<T: Message> Encoder for WholeEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let bytes = message.encode_to_vec();
        buffer.reserve(bytes.len());
        buffer.put_slice(&bytes);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }
}

/// Decodes messages that have no more in them than their length lets expect.
#[derive(Debug, Clone)]
pub struct BoundedDecoder<U>(ProstDecoder<U>);

impl<U: Message + Name + Default> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // The buffer of a message is in one piece.
        let message = buffer.chunk();
        let most = Most { fields: MAX_FIELDS, entries: FREE_ENTRIES + message.len() / BYTES_PER_ENTRY };
        // A field takes two bytes at least, so most messages need not be counted.
        if message.len() / 2 > MAX_FIELDS && entries::has_more(&U::full_name(), message, most) {
            let Most { fields, entries } = most;
            return Err(refusal(&format!(
                "has more than {fields} fields in one message, or {entries} texts and messages in all"
            )));
        }
        self.0
            .decode(buffer)
            .map_err(|_| refusal("is not a message of this method: expected protobuf as in leadrouter.v1"))
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.0.buffer_settings()
    }
}

fn refusal(why: &str) -> Status {
    let mut violations = Violations::default();
    violations.add(&Path::Request.field("*"), why);
    Error::InvalidArgument(violations).into()
}
