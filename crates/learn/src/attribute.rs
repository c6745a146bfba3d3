//! What is known of an attribute before any of its values.

use domain::score::Side;
use serde::{Deserialize, Serialize};

/// An attribute of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What it speaks of.
    pub side: Side,
    /// How the chance may move with it; numbers only.
    pub monotone: Monotone,
    /// It was made from the time at which the lead came (month, weekday ...), so it moves with that by nature.
    pub of_arrival: bool,
}

impl Attribute {
    /// An attribute of which nothing but the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), side: Side::Fit, monotone: Monotone::Free, of_arrival: false }
    }
}

/// A bound on a shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// None.
    #[default]
    Free,
    /// A greater number never makes the chance smaller.
    Rising,
    /// A greater number never makes the chance greater.
    Falling,
}
