//! How many things a message has in it, counted before it is decoded.
//!
//! What is counted is what takes memory of its own: texts, bytes and messages, at every depth. A text may look like a message, so the
//! walk goes by the contract's descriptors.

use std::{collections::HashMap, sync::LazyLock};

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};

use crate::FILE_DESCRIPTOR_SET;

/// A message type: its fields that are messages themselves, by number, each with its type's place in [`SHAPES`].
type Shape = Vec<(u64, usize)>;

/// How deep messages may lie in each other: as deep as prost decodes.
const DEPTH: usize = 100;

/// All message types of the contract.
struct Shapes {
    places: HashMap<String, usize>,
    shapes: Vec<Shape>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::of_the_contract);

impl Shapes {
    fn of_the_contract() -> Self {
        // It was made from these sources at build time; were it broken, reflection would not start either.
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
        let mut types = Vec::new();
        for file in set.file {
            let package = file.package.unwrap_or_default();
            file.message_type.into_iter().for_each(|message| collect(&package, message, &mut types));
        }
        let places: HashMap<String, usize> =
            types.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        let shape = |message: &DescriptorProto| {
            let fields = message.field.iter().filter(|field| field.r#type() == Type::Message);
            let found = |name: &str| places.get(name.trim_start_matches('.')).copied();
            fields.filter_map(|field| Some((u64::try_from(field.number()).ok()?, found(field.type_name())?))).collect()
        };
        let shapes = types.iter().map(|(_, message)| shape(message)).collect();
        Self { places, shapes }
    }
}

/// A message type and those inside of it, with their full names.
fn collect(parent: &str, mut message: DescriptorProto, types: &mut Vec<(String, DescriptorProto)>) {
    let name = format!("{parent}.{}", message.name());
    for nested in std::mem::take(&mut message.nested_type) {
        collect(&name, nested, types);
    }
    types.push((name, message));
}

/// How much a message may have in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    /// Fields of one message, at any depth, repeated ones counted one by one.
    pub fields: usize,
    /// Texts, bytes and messages in all.
    pub entries: usize,
}

/// True when a message of the type of that full name has more in it. One that is malformed is left to the decoder, which stops where the
/// walk does.
pub(super) fn has_more(type_name: &str, message: &[u8], most: Most) -> bool {
    // An answer of a type that the contract doesn't know has no shape, and only its own fields are counted.
    let place = SHAPES.places.get(type_name).copied();
    let mut left = most.entries;
    count(place, message, most.fields, &mut left, DEPTH).is_none()
}

/// Takes what is found from `left`; `None` when there is more.
fn count(place: Option<usize>, mut bytes: &[u8], most_fields: usize, left: &mut usize, depth: usize) -> Option<()> {
    let shape: &[(u64, usize)] = place.and_then(|place| SHAPES.shapes.get(place)).map_or(&[], Vec::as_slice);
    let mut fields_left = most_fields;
    while let Some((number, content, rest)) = field(bytes) {
        fields_left = fields_left.checked_sub(1)?;
        if let Some(content) = content {
            *left = left.checked_sub(1)?;
            if let Some((_, inner)) = shape.iter().find(|(of, _)| *of == number)
                && depth > 0
            {
                count(Some(*inner), content, most_fields, left, depth - 1)?;
            }
        }
        bytes = rest;
    }
    Some(())
}

/// A field: its number, its content if it has a length, and what stands behind it.
type Field<'a> = (u64, Option<&'a [u8]>, &'a [u8]);

/// The first field; `None` at the end, or when it is malformed.
fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let (key, rest) = varint(bytes)?;
    let plain = |rest| Some((key >> 3, None, rest));
    match key & 7 {
        0 => plain(varint(rest)?.1),
        1 => plain(rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let (content, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((key >> 3, Some(content), rest))
        }
        5 => plain(rest.get(4..)?),
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
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use prost::{Message as _, Name as _};

    use super::*;
    use crate::v1;

    fn has_more<T: prost::Name>(message: &T, entries: usize) -> bool {
        super::has_more(&T::full_name(), &message.encode_to_vec(), Most { fields: usize::MAX, entries })
    }

    fn batch(requests: usize, signals: usize) -> v1::BatchRouteLeadsRequest {
        let lead = v1::LeadProfile { signals: vec![v1::Signal::default(); signals], ..v1::LeadProfile::default() };
        let request = v1::RouteLeadRequest { lead: Some(lead), ..v1::RouteLeadRequest::default() };
        v1::BatchRouteLeadsRequest { requests: vec![request; requests] }
    }

    #[test]
    fn things_are_counted_at_every_depth() {
        // Each request, its lead, and the lead's signals.
        for (requests, signals) in [(0, 0), (1, 0), (1, 7), (50, 20)] {
            let expected = requests * (2 + signals);
            assert!(!has_more(&batch(requests, signals), expected));
            assert!(expected == 0 || has_more(&batch(requests, signals), expected - 1));
        }
    }

    #[test]
    fn no_message_has_too_many_fields_at_any_depth() {
        let has_more = |requests, signals, fields| {
            let message = batch(requests, signals).encode_to_vec();
            let most = Most { fields, entries: usize::MAX };
            super::has_more(&v1::BatchRouteLeadsRequest::full_name(), &message, most)
        };
        assert!(!has_more(7, 5, 7) && !has_more(5, 7, 7));
        assert!(has_more(8, 5, 7) && has_more(5, 8, 7));
    }

    #[test]
    fn a_text_that_looks_like_a_message_is_one_thing() {
        let inner = batch(100, 0);
        assert!(has_more(&inner, 100));
        let inner = inner.encode_to_vec();
        let note = String::from_utf8(inner).unwrap();
        let request = v1::AcceptLeadRequest { note, ..v1::AcceptLeadRequest::default() };
        assert!(!has_more(&request, 1));
    }

    #[test]
    fn every_message_of_the_contract_has_a_shape() {
        assert!(SHAPES.places.contains_key(&v1::RouteLeadRequest::full_name()));
        assert!(SHAPES.places.contains_key("google.protobuf.Timestamp"));
        assert_eq!(SHAPES.places.len(), SHAPES.shapes.len());
    }

    #[test]
    fn all_kinds_of_fields_are_walked_over() {
        // Varint, 64 bits, bytes, 32 bits, a length of two bytes.
        let mut message = vec![0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 7, 7, 0x25, 1, 2, 3, 4];
        message.extend([0x2a, 0xac, 0x02]);
        message.extend([0; 300]);
        for (entries, fields, expected) in [(2, 5, false), (1, 5, true), (2, 4, true)] {
            assert_eq!(super::has_more("", &message, Most { fields, entries }), expected);
        }
    }

    proptest! {
        /// Garbage ends the walk; it never panics and never goes in circles.
        #[test]
        fn garbage_is_walked_over(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some((_, _, rest)) = field(&bytes) {
                prop_assert!(rest.len() < bytes.len());
            }
            let name = v1::BatchRouteLeadsRequest::full_name();
            let most = Most { fields: bytes.len(), entries: bytes.len() };
            prop_assert!(!super::has_more(&name, &bytes, most));
        }
    }
}
