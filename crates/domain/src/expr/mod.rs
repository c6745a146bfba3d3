//! Conditions: the CEL expressions of policies and points models.
//!
//! A condition is checked once, when its document is validated: size limits, then the `cel` crate's parser, then types and
//! names against the [`Schema`]. What is left is a typed form with interned texts and numbered fields, which is what
//! is evaluated, millions of times, against a [`Row`] of one lead's facts.
//!
//! # Meaning
//!
//! - **Blank is unknown.** A field that is blank (absent, or an empty text or list) makes what reads it [`Truth::Unknown`],
//!   as CEL makes it an error. `&&` is false when either side is false, `||` is true when either side is true, whatever the
//!   other side is; otherwise unknown stays unknown, through `!` too. A condition matches only when it is [`Truth::True`].
//!   So neither `lead.country == "FR"` nor `lead.country != "FR"` matches a lead without a country; `has(lead.country)`
//!   asks whether it is known.
//! - **Text is compared exactly**: letter case, accents and spaces count, and order is by code point.
//! - **Numbers**: whole numbers are 64-bit integers, others are doubles; compared or combined with each other, the integer becomes a
//!   double. A result that overflows is unknown.
//! - `in` looks into a list literal, or into `lead.technologies` and `lead.signals`. When an element of a list literal is blank,
//!   the answer is unknown, as CEL refuses to build such a list.
//!
//! # Example
//!
//! ```
//! use leadrouter_domain::expr::{Attributes, ProgramBuilder, Schema};
//!
//! let mut conditions = ProgramBuilder::new(Schema::for_policy(&Attributes::new()));
//! assert!(conditions.add(r#"lead.employees >= 200 && score.grade in ["A1", "A2"]"#).is_ok());
//! let errors = conditions.add(r#"lead.contry == "FR""#).unwrap_err();
//! assert_eq!(errors[0].span, 0..11);
//! assert!(errors[0].message.contains("lead.country"));
//! ```

mod check;
mod document;
mod error;
mod eval;
mod facts;
mod index;
mod limits;
mod node;
mod parse;
mod pool;
mod program;
mod row;
mod schema;
mod span;
mod truth;

pub use document::read_attributes;
pub use error::ExprError;
pub use facts::Facts;
pub use limits::{MAX_DEPTH, MAX_NODES, MAX_SOURCE};
pub use program::{ConditionId, Finding, Program, ProgramBuilder};
pub use row::Row;
pub use schema::{AttributeType, Attributes, FieldReader, FieldValue, Schema, is_attribute_name};
pub use truth::Truth;

#[cfg(test)]
mod tests;
