//! The fields that conditions may read, and their types.

use std::collections::BTreeMap;

use super::{
    facts::Facts,
    limits::is_name,
    row::{Cell, List},
};
use crate::lead::{AttributeValue, LeadType};

/// The type of one of the tenant's own attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeType {
    /// Text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
}

impl AttributeType {
    /// All of them, with the names that documents use.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Text, "text"), (Self::Number, "number"), (Self::Flag, "flag")];

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(kind, _)| *kind)
    }
}

/// The tenant's own attributes that a document declares, by name (see [`is_attribute_name`]).
pub type Attributes = BTreeMap<String, AttributeType>;

/// True when conditions can spell the name: a letter or `_`, then letters, digits and `_`, and no word of the language.
pub fn is_attribute_name(name: &str) -> bool {
    is_name(name)
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// True or false.
    Flag,
    /// A whole number; `Some`: it lies in that range.
    Int(Option<(i64, i64)>),
    /// A double.
    Number,
    /// Text of a certain form.
    Text(Form),
    /// A day, written `2026-11-22`; held as the number 20261122.
    Date,
    /// A list of texts.
    List,
}

/// Which texts a field can hold; a literal that it can't is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Any.
    Any,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// ISO 3166-1 alpha-2: two upper-case letters.
    Country,
    /// ISO 639-1: two lower-case letters.
    Language,
}

/// How a built-in field is read.
type Read = for<'a> fn(&Facts<'a>) -> Cell<'a>;

/// Where a field's value comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A built-in field.
    Read(Read),
    /// The tenant's own attribute of that name.
    Attribute(String, AttributeType),
}

/// One field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) kind: Kind,
    /// It is never blank, so `has()` makes no sense.
    pub(super) always: bool,
    pub(super) source: Source,
}

impl Field {
    /// The field's value in `facts`; texts are not interned yet.
    pub(super) fn read<'a>(&self, facts: &Facts<'a>) -> Cell<'a> {
        match &self.source {
            Source::Read(read) => read(facts),
            Source::Attribute(name, wanted) => match (facts.lead.attributes.get(name), wanted) {
                (Some(AttributeValue::Text(value)), AttributeType::Text) => Cell::text(value),
                (Some(AttributeValue::Number(value)), AttributeType::Number) if value.is_finite() => {
                    Cell::Number(*value)
                }
                (Some(AttributeValue::Flag(value)), AttributeType::Flag) => Cell::Flag(*value),
                _ => Cell::Blank,
            },
        }
    }
}

/// Reads one field.
#[derive(Debug, Clone)]
pub struct FieldReader(Field);

/// What a field holds that is no list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldValue<'a> {
    /// Not known.
    Blank,
    /// Yes or no.
    Flag(bool),
    /// Finite.
    Number(f64),
    /// Never empty.
    Text(&'a str),
}

impl FieldReader {
    /// True when it holds several texts, which [`Self::read`] does not tell.
    pub fn is_list(&self) -> bool {
        self.0.kind == Kind::List
    }

    /// The field's value.
    #[expect(clippy::cast_precision_loss, reason = "a number beyond 2^53 is as good as its neighbour")]
    pub fn read<'a>(&self, facts: &Facts<'a>) -> FieldValue<'a> {
        match self.0.read(facts) {
            Cell::Flag(flag) => FieldValue::Flag(flag),
            Cell::Int(number) => FieldValue::Number(number as f64),
            Cell::Number(number) => FieldValue::Number(number),
            Cell::Text(_, text) => FieldValue::Text(text),
            Cell::Blank | Cell::List(..) | Cell::Unbound(_) => FieldValue::Blank,
        }
    }
}

/// Which fields a document's conditions may read.
#[derive(Debug, Clone)]
pub struct Schema {
    fields: BTreeMap<String, Field>,
    scored: bool,
}

impl Schema {
    /// For the rules of a policy: `lead`, `account`, `score` and `time`.
    pub fn for_policy(attributes: &Attributes) -> Self {
        Self::new(attributes, true)
    }

    /// For the criteria of a points model: as for a policy, but without the score, which is only being computed.
    pub fn for_model(attributes: &Attributes) -> Self {
        Self::new(attributes, false)
    }

    fn new(attributes: &Attributes, scored: bool) -> Self {
        let builtin = LEAD.iter().chain(ACCOUNT).chain(TIME).chain(if scored { SCORE } else { &[] });
        let mut fields: BTreeMap<String, Field> = builtin
            .map(|(name, kind, always, read)| {
                ((*name).to_owned(), Field { kind: *kind, always: *always, source: Source::Read(*read) })
            })
            .collect();
        for (name, wanted) in attributes {
            let kind = match wanted {
                AttributeType::Text => Kind::Text(Form::Any),
                AttributeType::Number => Kind::Number,
                AttributeType::Flag => Kind::Flag,
            };
            let source = Source::Attribute(name.clone(), *wanted);
            fields.insert(format!("lead.attributes.{name}"), Field { kind, always: false, source });
        }
        Self { fields, scored }
    }

    /// The field of that full name (`lead.country`).
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// Reads the field of that full name by itself, outside of a condition.
    pub fn reader(&self, name: &str) -> Option<FieldReader> {
        self.field(name).cloned().map(FieldReader)
    }

    /// The full names of all fields, in order of the alphabet.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// True when conditions may read the score.
    pub(super) fn has_score(&self) -> bool {
        self.scored
    }
}

/// The groups of fields; the first part of every name.
pub(super) const GROUPS: [&str; 4] = ["lead", "account", "score", "time"];

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FIT: [&str; 3] = ["A", "B", "C"];
const GRADES: [&str; 9] = ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"];
const LEAD_TYPES: [&str; LeadType::ALL.len()] = {
    let mut names = [""; LeadType::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = LeadType::ALL[i].1;
        i += 1;
    }
    names
};

type Row = (&'static str, Kind, bool, Read);

const TEXT: Kind = Kind::Text(Form::Any);
const INT: Kind = Kind::Int(None);

/// An `Option<String>` field of the lead.
macro_rules! lead_text {
    ($field:ident) => {
        lead_text!($field, TEXT)
    };
    ($field:ident, $kind:expr) => {
        (concat!("lead.", stringify!($field)), $kind, false, |facts| Cell::maybe_text(facts.lead.$field.as_deref()))
    };
}

/// An `Option<i64>` field of the lead.
macro_rules! lead_int {
    ($field:ident) => {
        (concat!("lead.", stringify!($field)), INT, false, |facts| Cell::maybe_int(facts.lead.$field))
    };
}

const LEAD: &[Row] = &[
    lead_text!(external_id),
    lead_text!(email),
    lead_text!(phone),
    lead_text!(person_name),
    lead_text!(job_title),
    lead_text!(company_name),
    ("lead.company_domain", TEXT, false, |facts| {
        let own = facts.lead.company_domain.as_deref().filter(|domain| !domain.is_empty());
        Cell::maybe_text(own.or(facts.company_domain))
    }),
    lead_text!(industry),
    lead_int!(employees),
    lead_int!(annual_revenue),
    lead_text!(country, Kind::Text(Form::Country)),
    lead_text!(region),
    lead_text!(postal_code),
    lead_text!(city),
    lead_text!(language, Kind::Text(Form::Language)),
    lead_text!(product),
    lead_int!(deal_value),
    // "unspecified" is a value of its own, so that `!=` and `in` work for leads that came without a type.
    ("lead.lead_type", Kind::Text(Form::OneOf(&LEAD_TYPES)), true, |facts| Cell::text(facts.lead.lead_type.name())),
    lead_text!(source),
    lead_text!(campaign),
    ("lead.technologies", Kind::List, false, |facts| match facts.lead.technologies.as_slice() {
        [] => Cell::Blank,
        known => Cell::Unbound(List::Texts(known)),
    }),
    // No signals means that the lead did nothing that is known of, not that something is missing.
    ("lead.signals", Kind::List, true, |facts| Cell::Unbound(List::Signals(&facts.lead.signals))),
    ("lead.has_owner", Kind::Flag, true, |facts| Cell::Flag(facts.existing_owner.is_some())),
];

/// A field of the account, when there is one.
macro_rules! account {
    ($name:literal, $kind:expr, $account:ident => $value:expr) => {
        (concat!("account.", $name), $kind, false, |facts| match facts.account {
            Some($account) => $value,
            None => Cell::Blank,
        })
    };
}

const ACCOUNT: &[Row] = &[
    ("account.known", Kind::Flag, true, |facts| Cell::Flag(facts.account.is_some())),
    ("account.named", Kind::Flag, true, |facts| Cell::Flag(facts.account.is_some_and(|a| a.owner.is_some()))),
    account!("id", TEXT, a => Cell::text(a.id.as_str())),
    account!("name", TEXT, a => Cell::text(&a.name)),
    account!("tier", TEXT, a => Cell::maybe_text(a.tier.as_deref())),
    account!("industry", TEXT, a => Cell::maybe_text(a.industry.as_deref())),
    account!("country", Kind::Text(Form::Country), a => Cell::maybe_text(a.country.as_deref())),
    account!("employees", INT, a => Cell::maybe_int(a.employees)),
    account!("annual_revenue", INT, a => Cell::maybe_int(a.annual_revenue)),
    account!("parent", TEXT, a => Cell::maybe_text(a.parent.as_ref().map(crate::ids::AccountId::as_str))),
];

/// A field of the score, when there is one.
macro_rules! score {
    ($name:literal, $kind:expr, $score:ident => $value:expr) => {
        (concat!("score.", $name), $kind, false, |facts| match facts.score {
            Some($score) => $value,
            None => Cell::Blank,
        })
    };
}

const SCORE: &[Row] = &[
    score!("points", Kind::Number, s => Cell::Number(f64::from(s.points()) / 100.0)),
    score!("fit_points", Kind::Number, s => Cell::Number(f64::from(s.fit_points) / 100.0)),
    score!("intent_points", Kind::Number, s => Cell::Number(f64::from(s.intent_points) / 100.0)),
    score!("fit", Kind::Text(Form::OneOf(&FIT)), s => Cell::text(s.fit.name())),
    score!("intent", Kind::Int(Some((1, 3))), s => Cell::Int(i64::from(s.intent.number()))),
    score!("grade", Kind::Text(Form::OneOf(&GRADES)), s => Cell::text(s.grade().name())),
];

const TIME: &[Row] = &[
    ("time.hour", Kind::Int(Some((0, 23))), true, |facts| Cell::Int(i64::from(facts.local.hour()))),
    ("time.minute", Kind::Int(Some((0, 59))), true, |facts| Cell::Int(i64::from(facts.local.minute()))),
    ("time.weekday", Kind::Text(Form::OneOf(&WEEKDAYS)), true, |facts| {
        Cell::maybe_text(usize::try_from(facts.local.weekday().to_monday_zero_offset()).ok().map(|day| WEEKDAYS[day]))
    }),
    ("time.date", Kind::Date, true, |facts| Cell::Int(day_number(facts.local.date()))),
];

/// A day as the number 20261122: ordered as days are, and as their ISO 8601 texts are.
pub(super) fn day_number(day: jiff::civil::Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}
