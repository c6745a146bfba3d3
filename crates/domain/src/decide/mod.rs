//! Who gets a lead, and why: the pure heart of the product.

mod counters;

pub use counters::{Counters, RepLoad};
