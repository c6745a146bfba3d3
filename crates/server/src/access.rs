//! Which role may do what. `docs/security.md` has the same table; a test compares the two.

use api::v1::Permission as P;
use kit::auth::{Permissions, Role, Rules};

/// The roles, and the permissions of the contract.
pub const RULES: Rules =
    Rules { roles: &ROLES, unmetered: &["service"], audited: ADMINISTRATION, others: &OPERATIONS, permission_name };

/// The methods of `google.longrunning.Operations`, whose contract can't name permissions of ours.
const OPERATIONS: [(&str, i32); 5] = [
    ("/google.longrunning.Operations/GetOperation", P::LeadsRead as i32),
    ("/google.longrunning.Operations/ListOperations", P::LeadsRead as i32),
    ("/google.longrunning.Operations/WaitOperation", P::LeadsRead as i32),
    ("/google.longrunning.Operations/CancelOperation", P::LeadsWork as i32),
    ("/google.longrunning.Operations/DeleteOperation", P::LeadsWork as i32),
];

/// All roles. Each of the first four may do what the one before it may, and more.
const ROLES: [Role; 5] = [
    Role { name: "reader", permissions: READER },
    Role { name: "router", permissions: ROUTER },
    Role { name: "operator", permissions: OPERATOR },
    Role { name: "admin", permissions: ADMIN },
    Role { name: "service", permissions: SERVICE },
];

const READER: Permissions = of(&[P::LeadsRead, P::DirectoryRead, P::PoliciesRead, P::ModelsRead]);
const ROUTER: Permissions = READER.with(of(&[P::LeadsRoute, P::LeadsScore]));
const OPERATOR: Permissions = ROUTER.with(of(&[P::LeadsWork]));
const ADMIN: Permissions = OPERATOR.with(of(&[P::SubscriptionsRead])).with(ADMINISTRATION);
/// To change what every lead's way depends on, who is told of it, and what can't be undone.
const ADMINISTRATION: Permissions =
    of(&[P::DirectoryWrite, P::PoliciesWrite, P::ModelsWrite, P::LeadsErase, P::SubscriptionsWrite]);
/// What the services ask of each other, and nothing more: they call for every tenant.
const SERVICE: Permissions = of(&[P::LeadsScore, P::TimersFire]);

const fn of(permissions: &[P]) -> Permissions {
    let (mut set, mut at) = (Permissions::of(&[]), 0);
    while at < permissions.len() {
        set = set.with(Permissions::of(&[permissions[at] as i32]));
        at += 1;
    }
    set
}

fn permission_name(number: i32) -> &'static str {
    let name = P::try_from(number).unwrap_or_default().as_str_name();
    name.strip_prefix("PERMISSION_").unwrap_or(name)
}
