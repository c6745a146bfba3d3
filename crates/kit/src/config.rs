//! Configuration from one YAML file and the environment, into serde structs that refuse what they don't know.
//!
//! The environment wins over the file: `LEADROUTER_LIMITS__MAX_IN_FLIGHT=2048` sets `limits.max_in_flight`.
//! Structs use `deny_unknown_fields` and never `flatten`, which would switch that check off (serde #2283).

mod auth;
mod duration;
mod error;
mod sections;
mod tokens;

use std::path::Path;

use figment::{
    Figment,
    error::Kind,
    providers::{Env, Format, Yaml},
    value::{Dict, Value},
};
use serde::de::DeserializeOwned;

pub(crate) use self::auth::ALL_TENANTS;
pub use self::{
    auth::{AuthConfig, AuthMode, ClientTlsConfig, QuotaConfig, TlsConfig, WorkloadConfig},
    duration::{human_duration, optional_human_duration},
    error::{ConfigError, Problem},
    sections::{DrainConfig, LimitsConfig, ListenConfig, LogFormat, Ratio, TelemetryConfig},
    tokens::{KeysConfig, SignatureAlgorithm, TokensConfig},
};

/// What configuration variables begin with.
pub const ENV_PREFIX: &str = "LEADROUTER_";

/// Variables with the prefix that belong to the command line (without the prefix), not to the file's tree.
const NOT_CONFIGURATION: &[&str] = &["CONFIG"];

/// Reads the file at `path`, if one is given, and then the environment.
///
/// All problems that can be seen are reported together: a key that is refused is set aside, and the rest is read on.
pub fn load<T: DeserializeOwned>(path: Option<&Path>) -> Result<T, ConfigError> {
    load_ignoring(path, &[])
}

/// As [`load`], but leaves variables alone that other parts of the program read: names without the prefix, such as
/// `TENANT` for `LEADROUTER_TENANT`.
pub fn load_ignoring<T: DeserializeOwned>(path: Option<&Path>, variables: &[&str]) -> Result<T, ConfigError> {
    load_checked(path, variables, |_| Vec::new())
}

/// As [`load_ignoring`], and then lets `check` say what else is wrong with the values, bounds for example. What it finds is
/// told together with what could not be read; in place of that it sees defaults.
pub fn load_checked<T: DeserializeOwned>(
    path: Option<&Path>,
    variables: &[&str],
    check: impl Fn(&T) -> Vec<Problem>,
) -> Result<T, ConfigError> {
    let mut figment = Figment::new();
    if let Some(path) = path {
        if !path.is_file() {
            return Err(ConfigError::of(Problem::no_file(path)));
        }
        figment = figment.merge(Yaml::file_exact(path));
    }
    let ignored: Vec<&str> = NOT_CONFIGURATION.iter().chain(variables).copied().collect();
    figment = figment.merge(Env::prefixed(ENV_PREFIX).ignore(&ignored).split("__"));
    extract(&figment, check)
}

/// Reads the tree again and again without the keys that were refused, until it is accepted or no key can be blamed.
fn extract<T: DeserializeOwned>(figment: &Figment, check: impl Fn(&T) -> Vec<Problem>) -> Result<T, ConfigError> {
    let mut tree: Dict = figment.extract().map_err(|error| ConfigError::unreadable(&error))?;
    let mut problems = Vec::new();
    let mut set_aside: Vec<Vec<String>> = Vec::new();
    loop {
        let error = match Value::from(tree.clone()).deserialize::<T>() {
            Ok(value) => {
                problems.extend(check(&value));
                return if problems.is_empty() { Ok(value) } else { Err(ConfigError { problems }) };
            }
            Err(error) => error,
        };
        let mut path = blamed_key(&error);
        if !set_aside.contains(&path) {
            problems.push(Problem::from_figment(&path, &error, figment));
        }
        if matches!(error.kind, Kind::MissingField(_)) {
            // Without it, its section can't be read; the sections after that one can.
            path.pop();
        }
        if !remove(&mut tree, &path) {
            return Err(ConfigError { problems });
        }
        set_aside.push(path);
    }
}

/// The path of the key that an error is about.
fn blamed_key(error: &figment::Error) -> Vec<String> {
    let mut path = error.path.clone();
    let named = match &error.kind {
        Kind::UnknownField(name, _) => Some(name.as_str()),
        Kind::MissingField(name) => Some(name.as_ref()),
        _ => None,
    };
    if let Some(name) = named
        && path.last().map(String::as_str) != Some(name)
    {
        path.push(name.to_owned());
    }
    path
}

/// Takes the value at `path` out of the tree; false when there is none.
fn remove(tree: &mut Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [key] => tree.remove(key).is_some(),
        [key, rest @ ..] => match tree.get_mut(key) {
            Some(Value::Dict(_, below)) => remove(below, rest),
            // A part of a list or of a text can't be set aside by itself.
            Some(_) => tree.remove(key).is_some(),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests;
