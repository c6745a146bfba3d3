//! stub
pub mod import;
