//! Everything that is wrong with a request, field by field.

use std::fmt;

/// Where a field stands in a request: `requests[3].lead.employees`. Built on the stack; text is made only for a
/// violation.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The request itself.
    Request,
    /// A field of a message.
    Field(&'a Path<'a>, &'a str),
    /// An item of a list.
    Item(&'a Path<'a>, usize),
    /// A value of a map.
    Key(&'a Path<'a>, &'a str),
}

impl Path<'_> {
    /// The field of that name.
    pub const fn field<'b>(&'b self, name: &'b str) -> Path<'b> {
        Path::Field(self, name)
    }

    /// The item at that place, from 0.
    pub const fn item(&self, index: usize) -> Path<'_> {
        Path::Item(self, index)
    }

    /// The value under that key.
    pub const fn key<'b>(&'b self, key: &'b str) -> Path<'b> {
        Path::Key(self, key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => Ok(()),
            Self::Field(Self::Request, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Key(parent, key) => write!(f, "{parent}[{key:?}]"),
        }
    }
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its path in snake case, from the request.
    pub field: String,
    /// What was found and what was expected.
    pub description: String,
}

/// Most violations that are kept: more would not fit into an error, and their making must not become a burden.
const MAX_KEPT: usize = 100;

/// All wrong fields of a request, in the order of its fields. Those above 100 are only counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    kept: Vec<Violation>,
    count: usize,
}

impl Violations {
    /// Notes that a field is wrong.
    pub fn add(&mut self, path: &Path<'_>, description: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(Violation { field: path.to_string(), description: description.into() });
        }
    }

    /// True when nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many fields are wrong.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Those that were kept, one after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.kept.iter()
    }

    /// `value` if nothing is wrong. A reader that notes a violation may return any value: it is not used.
    pub fn check<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The same for a value that may be missing because something is wrong.
    pub fn check_some<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) => self.check(value),
            None => Err(self),
        }
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Violations};

    #[test]
    fn paths_read_like_the_request() {
        let root = Path::Request;
        let requests = root.field("requests");
        let entry = requests.item(3);
        let lead = entry.field("lead");
        let attributes = lead.field("attributes");
        assert_eq!(lead.field("employees").to_string(), "requests[3].lead.employees");
        assert_eq!(attributes.key("course").to_string(), "requests[3].lead.attributes[\"course\"]");
    }

    #[test]
    fn a_value_comes_out_only_when_nothing_is_wrong() {
        assert_eq!(Violations::default().check(7), Ok(7));
        let mut violations = Violations::default();
        violations.add(&Path::Request.field("name"), "is blank");
        assert_eq!(violations.len(), 1);
        assert!(violations.check(7).is_err());
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let mut violations = Violations::default();
        for index in 0..250 {
            violations.add(&Path::Request.item(index), "is blank");
        }
        assert_eq!((violations.len(), violations.iter().count()), (250, 100));
    }
}
