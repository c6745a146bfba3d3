//! What callers may do: each method needs a permission, and a role is a set of them.

use std::collections::HashMap;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::refusal::{self, ERROR_DOMAIN, reason};

/// A set of permissions, by their numbers in the contract: 1 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

impl Permissions {
    /// Every permission that there is.
    pub const ALL: Self = Self(u64::MAX);

    /// Those with these numbers; 0, which stands for none, and what is out of bounds is left out.
    pub const fn of(numbers: &[i32]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < numbers.len() {
            bits |= Self::bit(numbers[at]);
            at += 1;
        }
        Self(bits)
    }

    /// Those of both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that both sets have.
    #[must_use]
    pub const fn shared_with(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// True when the one with this number is among them.
    pub const fn has(self, number: i32) -> bool {
        self.0 & Self::bit(number) != 0
    }

    const fn bit(number: i32) -> u64 {
        if 0 < number && number < 64 { 1 << number } else { 0 }
    }
}

/// A set of permissions with a name by which configurations and tokens give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The name: `reader`.
    pub name: &'static str,
    /// What callers with this role may do.
    pub permissions: Permissions,
}

/// Roles and the names of permissions, as a contract has them.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// All roles.
    pub roles: &'static [Role],
    /// The roles of workloads that have no quota unless they are given one: services that call for everybody.
    pub unmetered: &'static [&'static str],
    /// Calls of methods that need one of these are told in the log.
    pub audited: Permissions,
    /// The permissions of methods whose own contract can't name them, by path.
    pub others: &'static [(&'static str, i32)],
    /// The name of the permission with that number, for messages.
    pub permission_name: fn(i32) -> &'static str,
}

impl Rules {
    /// Rules without roles, for a server whose callers need none.
    pub const NONE: Self =
        Self { roles: &[], unmetered: &[], audited: Permissions::of(&[]), others: &[], permission_name: |_| "UNKNOWN" };

    /// The role of that name.
    pub fn role(&self, name: &str) -> Option<&'static Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// What a method of others needs, if it is told here.
    fn need_of_other(&self, path: &str) -> Option<Need> {
        self.others.iter().find(|(other, _)| *other == path).map(|(_, number)| Need::Permission(*number))
    }

    /// The names of all roles, for messages: `reader, admin`.
    pub fn role_names(&self) -> String {
        self.roles.iter().map(|role| role.name).collect::<Vec<_>>().join(", ")
    }
}

/// What a method asks of its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing, not even to be known.
    Nothing,
    /// To be known.
    Caller,
    /// A permission, by its number.
    Permission(i32),
    /// More than anybody has: the contract says nothing about the method.
    Refused,
}

/// What each method of a server asks of its callers.
#[derive(Debug)]
pub(crate) struct Access {
    rules: Rules,
    /// By path: `/leadrouter.v1.AssignmentService/RouteLead`.
    methods: HashMap<Box<str>, Need>,
}

impl Access {
    /// Reads the permissions of those `services` (full names) that the encoded descriptor sets describe. `exempt` services
    /// have a need of their own.
    pub(crate) fn new(
        rules: Rules,
        descriptor_sets: &[&[u8]],
        services: &[&str],
        exempt: &[(&str, Need)],
    ) -> Result<Self, prost::DecodeError> {
        let mut methods = HashMap::new();
        for encoded in descriptor_sets {
            for file in Files::decode(*encoded)?.file {
                for service in file.service {
                    let name = [&*file.package, ".", &service.name].concat();
                    let name = name.trim_start_matches('.');
                    if !services.contains(&name) {
                        continue;
                    }
                    let exemption = exempt.iter().find(|(service, _)| *service == name).map(|(_, need)| *need);
                    methods.extend(service.method.into_iter().map(|method| {
                        let path = format!("/{name}/{}", method.name).into_boxed_str();
                        let need = exemption.or_else(|| rules.need_of_other(&path));
                        (path, need.unwrap_or_else(|| method.need()))
                    }));
                }
            }
        }
        Ok(Self { rules, methods })
    }

    /// What the method at `path` asks for; `None` when there is no such method.
    pub(crate) fn need(&self, path: &str) -> Option<Need> {
        self.methods.get(path).copied()
    }

    /// True when calls of the method at `path` are told in the log.
    pub(crate) fn is_audited(&self, path: &str) -> bool {
        matches!(self.need(path), Some(Need::Permission(number)) if self.rules.audited.has(number))
    }

    /// Refuses a known caller who may not call the method at `path`.
    pub(crate) fn check(&self, path: &str, role: Role) -> Result<(), Status> {
        match self.need(path) {
            Some(Need::Nothing | Need::Caller) => Ok(()),
            Some(Need::Permission(number)) if role.permissions.has(number) => Ok(()),
            Some(Need::Permission(number)) => Err(denied(role, (self.rules.permission_name)(number))),
            Some(Need::Refused) => Err(unassigned()),
            // What is not described has no permission either, so it never gets further.
            None => Err(refusal::of(Code::Unimplemented, "there is no such method", reason::NOT_SUPPORTED)),
        }
    }
}

fn denied(role: Role, permission: &str) -> Status {
    let message =
        format!("this method needs the permission {permission}, which the role `{}` does not have", role.name);
    let metadata = [("permission", permission), ("role", role.name)].map(|(key, value)| (key.into(), value.into()));
    let details = ErrorDetails::with_error_info(reason::METHOD_DENIED, ERROR_DOMAIN, metadata);
    Status::with_error_details(Code::PermissionDenied, message, details)
}

fn unassigned() -> Status {
    let message = "the contract names no permission for this method, so nobody may call it";
    refusal::of(Code::PermissionDenied, message, reason::METHOD_DENIED)
}

/// As much of `google.protobuf.FileDescriptorSet` as it takes to come to the option of a method. The types of `prost-types` drop
/// the options of others.
#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(message, repeated, tag = "1")]
    file: Vec<File>,
}

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "6")]
    service: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    method: Vec<Method>,
}

#[derive(Clone, PartialEq, Message)]
struct Method {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "4")]
    options: Option<Options>,
}

#[derive(Clone, PartialEq, Message)]
struct Options {
    /// `leadrouter.v1.permission`.
    #[prost(int32, tag = "50811")]
    permission: i32,
}

impl Method {
    fn need(&self) -> Need {
        match self.options.as_ref().map_or(0, |options| options.permission) {
            number @ 1..64 => Need::Permission(number),
            _ => Need::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        let set = Permissions::of(&[1, 3, 63, 0, -1, 64]);
        assert_eq!((-2..70).filter(|number| set.has(*number)).collect::<Vec<_>>(), [1, 3, 63]);
        assert!(!Permissions::ALL.has(0) && Permissions::ALL.has(63));
        let both = Permissions::of(&[1, 2]).shared_with(Permissions::of(&[2, 3]));
        assert_eq!(both, Permissions::of(&[2]));
        assert_eq!(both.with(Permissions::of(&[5])), Permissions::of(&[2, 5]));
    }
}
