//! `semver` and `semverCompare`, and the version as an object with fields and methods.

use std::any::Any as StdAny;

use super::semver::{Constraint, Version};
use super::{Result, fail, truth};
use crate::discover::HelmVersion;
use crate::origin::Origin;
use crate::render::helm::function::Type::{self, Object as ObjectOf, String as Str};
use crate::render::helm::function::{Context, FunctionError, Signature, text};
use crate::render::helm::string::Text;
use crate::render::helm::value::{Data, Object, UintKind, Value};

/// What `semver` gives: a pointer.
const TYPE: &str = "*semver.Version";

pub(super) const TABLE: &[Signature] = &[
    Signature::new("semver", &[Str], |c, a| {
        let version = Version::parse(&text(a, 0).lossy()).map_err(FunctionError::new)?;
        let origin = c.union(a);
        let version = SemVer {
            version,
            origin,
            is_pointer: true,
        };
        Ok(Value::object(version, origin))
    }),
    Signature::new("semverCompare", &[Str, Str], |c, a| {
        let constraint = Constraint::parse(&text(a, 0).lossy()).map_err(|words| match c.helm {
            HelmVersion::V4 => FunctionError::new(words),
            // The library of Helm 3 does not quote the constraint.
            HelmVersion::V3 => FunctionError::new(words.replace('"', "")),
        })?;
        let version = Version::parse(&text(a, 1).lossy()).map_err(FunctionError::new)?;
        truth(c, a, constraint.check(&version))
    }),
];

/// `*semver.Version`, and `semver.Version`, which is what its methods give.
struct SemVer {
    version: Version,
    origin: Origin,
    is_pointer: bool,
}

impl Object for SemVer {
    fn type_name(&self) -> &str {
        if self.is_pointer {
            TYPE
        } else {
            "semver.Version"
        }
    }

    fn kind(&self) -> &'static str {
        if self.is_pointer { "ptr" } else { "struct" }
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        const NONE: &[Type] = &[];
        const OTHER: &[Type] = &[ObjectOf(TYPE)];
        match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "String" | "IncMajor"
            | "IncMinor" | "IncPatch" | "MarshalText" | "MarshalJSON" => Some(NONE),
            "SetPrerelease" | "SetMetadata" => Some(&[Type::String]),
            // The rest are methods of the pointer alone.
            _ if !self.is_pointer => None,
            "Original" => Some(NONE),
            "Compare" | "Equal" | "LessThan" | "GreaterThan" | "LessThanEqual"
            | "GreaterThanEqual" => Some(OTHER),
            _ => None,
        }
    }

    fn call(&self, name: &str, context: &mut Context<'_>, arguments: &[Value]) -> Result {
        let origin = if self.origin.is_none() {
            context.call
        } else {
            self.origin
        };
        let number = |number: u64| Ok(Value::new(Data::Uint(number, UintKind::Uint64), origin));
        let string = |text: &str| Ok(Value::string(text, origin));
        let version = &self.version;
        let changed = |major, minor, patch, prerelease: &str, metadata: &str| {
            let mut version = Version {
                major,
                minor,
                patch,
                prerelease: prerelease.to_owned(),
                metadata: metadata.to_owned(),
                original: String::new(),
            };
            version.original = if self.version.original.starts_with('v') {
                format!("v{version}")
            } else {
                version.to_string()
            };
            let changed = SemVer {
                version,
                origin,
                is_pointer: false,
            };
            Ok(Value::object(changed, origin))
        };
        match name {
            "Major" => number(version.major),
            "Minor" => number(version.minor),
            "Patch" => number(version.patch),
            "Prerelease" => string(&version.prerelease),
            "Metadata" => string(&version.metadata),
            "Original" => string(&version.original),
            "String" => string(&version.to_string()),
            "MarshalText" => Ok(Value::bytes(Text::new(version.to_string(), origin))),
            "MarshalJSON" => {
                let quoted = format!("\"{version}\"");
                Ok(Value::bytes(Text::new(quoted, origin)))
            }
            "IncMajor" => changed(version.major.saturating_add(1), 0, 0, "", ""),
            "IncMinor" => changed(version.major, version.minor.saturating_add(1), 0, "", ""),
            "IncPatch" => {
                let step = u64::from(version.prerelease.is_empty());
                let patch = version.patch.saturating_add(step);
                changed(version.major, version.minor, patch, "", "")
            }
            "SetPrerelease" => changed(
                version.major,
                version.minor,
                version.patch,
                &text(arguments, 0).lossy(),
                &version.metadata,
            ),
            "SetMetadata" => changed(
                version.major,
                version.minor,
                version.patch,
                &version.prerelease,
                &text(arguments, 0).lossy(),
            ),
            _ => {
                let Some(other) = arguments.first().and_then(Value::as_object::<SemVer>) else {
                    return fail(
                        "runtime error: invalid memory address or nil pointer dereference",
                    );
                };
                let order = version.compare(&other.version);
                Ok(match name {
                    "Compare" => Value::int(order as i64, origin),
                    "Equal" => Value::bool(order.is_eq(), origin),
                    "LessThan" => Value::bool(order.is_lt(), origin),
                    "GreaterThan" => Value::bool(order.is_gt(), origin),
                    "LessThanEqual" => Value::bool(order.is_le(), origin),
                    "GreaterThanEqual" => Value::bool(order.is_ge(), origin),
                    _ => return fail("no such method"),
                })
            }
        }
    }

    fn print(&self) -> String {
        self.version.to_string()
    }

    fn as_any(&self) -> &dyn StdAny {
        self
    }
}
