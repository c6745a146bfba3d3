//! The codec of all generated clients and servers: protobuf, with a bound on what a small message may blow up to.
//!
//! An empty sub-message takes two bytes on the wire and several hundred in memory: without a bound, 4 MiB of them become
//! more than a gigabyte before any handler can look at the list's length. So the fields of a message are counted before
//! it is decoded. The walk skips over what is inside of them, and costs next to nothing.

use std::marker::PhantomData;

use prost::{
    Message,
    bytes::{Buf as _, BufMut as _},
};
use tonic::{
    Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

use crate::{Error, Path, Violations};

/// Most fields, repeated ones counted one by one, that a message may have on its top level. The longest list of the
/// contract has 10,000 items.
pub const MAX_FIELDS: usize = 12_000;

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
    U: Message + Default + Send + 'static,
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

/// Decodes messages that have no more than [`MAX_FIELDS`].
#[derive(Debug, Clone)]
pub struct BoundedDecoder<U>(ProstDecoder<U>);

impl<U: Message + Default> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // The buffer of a message is in one piece.
        if has_more_fields(buffer.chunk(), MAX_FIELDS) {
            return Err(refusal(&format!("has more than {MAX_FIELDS} entries")));
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

/// True when a message has more fields than that on its top level. One that is malformed is left to the decoder.
fn has_more_fields(mut bytes: &[u8], most: usize) -> bool {
    let mut fields = 0;
    while let Some(rest) = skip_field(bytes) {
        fields += 1;
        if fields > most {
            return true;
        }
        bytes = rest;
    }
    false
}

/// What stands behind the first field; `None` at the end, or when it is malformed.
fn skip_field(bytes: &[u8]) -> Option<&[u8]> {
    let (key, rest) = varint(bytes)?;
    match key & 7 {
        0 => varint(rest).map(|(_, rest)| rest),
        1 => rest.get(8..),
        2 => {
            let (length, rest) = varint(rest)?;
            rest.get(usize::try_from(length).ok()?..)
        }
        5 => rest.get(4..),
        _ => None,
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return bytes.get(index + 1..).map(|rest| (value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::has_more_fields;
    use crate::v1;

    fn batch(entries: usize) -> Vec<u8> {
        v1::BatchRouteLeadsRequest { requests: vec![v1::RouteLeadRequest::default(); entries] }.encode_to_vec()
    }

    #[test]
    fn entries_are_counted_without_decoding() {
        assert!(!has_more_fields(&batch(1_000), 1_000));
        assert!(has_more_fields(&batch(1_001), 1_000));
        assert!(!has_more_fields(&[], 0));
    }

    #[test]
    fn what_is_inside_of_a_field_does_not_count() {
        let lead = v1::LeadProfile { technologies: vec!["x".to_owned(); 5_000], ..v1::LeadProfile::default() };
        let request = v1::RouteLeadRequest { lead: Some(lead), ..v1::RouteLeadRequest::default() };
        assert!(!has_more_fields(&request.encode_to_vec(), 1));
    }

    #[test]
    fn all_kinds_of_fields_are_walked_over() {
        // Varint, 64 bits, bytes, 32 bits, a length of two bytes.
        let mut message = vec![0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 7, 7, 0x25, 1, 2, 3, 4];
        message.extend([0x2a, 0xac, 0x02]);
        message.extend([0; 300]);
        assert!(!has_more_fields(&message, 5));
        assert!(has_more_fields(&message, 4));
    }

    mod laws {
        use proptest::prelude::*;

        use super::super::{has_more_fields, skip_field};

        proptest! {
            /// Garbage ends the walk; it never panics and never goes in circles.
            #[test]
            fn garbage_is_walked_over(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
                if let Some(rest) = skip_field(&bytes) {
                    prop_assert!(rest.len() < bytes.len());
                }
                prop_assert!(!has_more_fields(&bytes, bytes.len()));
            }
        }
    }
}
