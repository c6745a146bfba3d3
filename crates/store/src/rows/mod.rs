//! Rows as the database returns them, and their way to the words of the domain. What can't be understood is an error that
//! names table, column and row.

mod assignment;
mod lead;
mod pause;
mod timer;

use std::{fmt::Display, str::FromStr};

use domain::identity::{IdentityKey, IdentityKind};
use uuid::Uuid;

use crate::{codes::Code, error::StoreError};

pub(crate) use assignment::{AssignmentRow, select_assignments};
pub(crate) use lead::{LeadOwnershipRow, select_leads};
pub(crate) use pause::{PauseRow, select_pauses};
pub(crate) use timer::{EscalationRow, TimerRow};

/// Where a value came from.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Table.
    pub(crate) table: &'static str,
    /// Primary key without the tenant.
    pub(crate) row: &'a dyn Display,
}

impl Place<'_> {
    /// The error that says what is wrong with a column.
    pub(crate) fn corrupt(self, column: &'static str, problem: impl Display) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.row.to_string(), problem: problem.to_string() }
    }

    /// An enum from its number.
    pub(crate) fn code<T: Code>(self, column: &'static str, code: i16) -> Result<T, StoreError> {
        T::from_code(code).ok_or_else(|| self.corrupt(column, format_args!("{code} is not a known code")))
    }

    /// An enum from its number, which may be NULL.
    pub(crate) fn opt_code<T: Code>(self, column: &'static str, code: Option<i16>) -> Result<Option<T>, StoreError> {
        code.map(|code| self.code(column, code)).transpose()
    }

    /// An id or an owner from its text.
    pub(crate) fn text<T: FromStr<Err: Display>>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|problem| self.corrupt(column, problem))
    }

    /// An id or an owner from its text, which may be NULL.
    pub(crate) fn opt_text<T: FromStr<Err: Display>>(
        self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.text(column, text)).transpose()
    }

    /// A number that the domain keeps in a smaller or unsigned type.
    pub(crate) fn number<N: Copy + Display, T: TryFrom<N, Error: Display>>(
        self,
        column: &'static str,
        number: N,
    ) -> Result<T, StoreError> {
        T::try_from(number).map_err(|problem| self.corrupt(column, format_args!("{number}: {problem}")))
    }
}

/// An identity key from its columns.
pub(crate) fn identity_key(kind: i16, digest: Uuid) -> Result<IdentityKey, StoreError> {
    let place = Place { table: "identity", row: &digest };
    Ok(IdentityKey { kind: place.code::<IdentityKind>("kind", kind)?, digest: digest.into_bytes() })
}
