//! Errors as a client reads them.

use tonic::Status;
use tonic_types::StatusExt as _;

use crate::{ERROR_DOMAIN, v1::ErrorReason};

/// The reason of an error that Leadrouter sent; `None` for one that came from elsewhere (a proxy, the transport), or that
/// is newer than this client.
pub fn reason_of(status: &Status) -> Option<ErrorReason> {
    let info = status.get_details_error_info().filter(|info| info.domain == ERROR_DOMAIN)?;
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason))
}
