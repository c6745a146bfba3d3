//! What a list of policies tells of each.

use super::MAX_BYTES;
use crate::yaml::{self, Field};

/// What a policy calls itself and how long it is: what can be told without the directory that it was written for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// How many rules it has, the default not counted.
    pub rules: usize,
}

impl Outline {
    /// The outline of a policy that was checked before; `None`: the text is no document at all.
    pub fn read(text: &str) -> Option<Self> {
        let outline = yaml::read(text, MAX_BYTES, |root| {
            let entries = root.entries();
            let field = |key| entries.iter().find(|(name, _)| *name == key).map(|(_, field)| *field);
            Some(Self {
                name: field("name").and_then(Field::string).unwrap_or_default(),
                description: field("description").and_then(Field::string),
                rules: field("rules").map_or(0, |rules| rules.list().len()),
            })
        });
        outline.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn a_policy_tells_what_it_is_without_its_directory() {
        let text = "name: acme\nrules:\n  - { name: a, to: { pool: long-gone } }\n  - { name: b, to: { pool: x } }\n";
        let expected = Outline { name: "acme".to_owned(), description: None, rules: 2 };
        assert_eq!(Outline::read(text), Some(expected));
        let described = Outline::read("name: acme\ndescription: All to one\n");
        assert_eq!(described.and_then(|outline| outline.description).as_deref(), Some("All to one"));
        assert_eq!(Outline::read("name: [unclosed"), None);
    }
}
