//! Which servers may be asked: a change under review names them, so nothing inside a private network is reached unless
//! somebody who is trusted has said so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::url::{Scheme, Url, host_and_port};
use crate::text::address::shown;

/// The servers that may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    scheme: Scheme,
    host: Host,
    /// `None` for any.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// `*`
    AnyPublic,
    /// `*.example.com`: the names below, without the dot.
    Below(String),
    Named(String),
}

impl Reach {
    /// Every server of the public internet, by HTTPS.
    pub fn public() -> Self {
        Self::default()
    }

    /// Only the servers of a list; an empty one is [`Reach::public`]. An entry is a host (`charts.example.com`), a host and
    /// port, all hosts below a name (`*.example.com`), or every public host (`*`). HTTPS is meant, unless `http://` stands
    /// before it. A host that is named may have a private address.
    pub fn of<'t>(entries: impl IntoIterator<Item = &'t str>) -> Result<Self, String> {
        let entries = entries
            .into_iter()
            .map(|text| Entry::parse(text).ok_or_else(|| format!("`{}` is not a host: write `charts.example.com`, `charts.example.com:8443`, `*.example.com` or `*`", shown(text))))
            .collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Why an address may not be asked.
    pub(super) fn refuses(&self, url: &Url) -> Option<String> {
        if self.entries.is_empty() {
            return (url.scheme == Scheme::Http)
                .then(|| {
                    let host = url.as_host();
                    format!("it is not encrypted: only `https://` is fetched, unless `--allow-host {host}` or `network.allow` names it")
                });
        }
        if self.entries.iter().any(|entry| entry.covers(url)) {
            return None;
        }
        Some(format!(
            "{} is not among the hosts that may be asked: neither `--allow-host` nor `network.allow` names `{}`",
            url.origin(),
            url.as_host()
        ))
    }

    /// True if and only if a server with this address may be connected to for `url`.
    pub(super) fn admits(&self, url: &Url, address: IpAddr) -> bool {
        is_public(address) || !is_never_asked(address) && self.names(url)
    }

    /// True if and only if somebody has named the server of `url`: a list that holds every public host names none.
    pub(super) fn names(&self, url: &Url) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.host != Host::AnyPublic && entry.covers(url))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = match text.split_once("://") {
            None => (Scheme::Https, text),
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(_) => return None,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority == "*" {
            return Some(Self {
                scheme,
                host: Host::AnyPublic,
                port: None,
            });
        }
        let below = authority.strip_prefix("*.");
        let (host, port) = host_and_port(below.unwrap_or(authority), scheme)?;
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.ends_with(']'));
        Some(Self {
            scheme,
            host: if below.is_some() {
                Host::Below(host)
            } else {
                Host::Named(host)
            },
            port: has_port.then_some(port),
        })
    }

    fn covers(&self, url: &Url) -> bool {
        let host = match &self.host {
            Host::AnyPublic => true,
            Host::Named(name) => *name == url.host,
            Host::Below(name) => url
                .host
                .strip_suffix(name.as_str())
                .is_some_and(|rest| rest.ends_with('.')),
        };
        host && self.scheme == url.scheme && self.port.is_none_or(|port| port == url.port)
    }
}

/// True if and only if the address belongs to the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let inner = embedded(address);
            let [first, second, ..] = address.segments();
            match inner {
                Some(inner) => is_public_v4(inner),
                // Global unicast, without documentation (2001:db8::/32, 3fff::/20), Teredo and other tunnels (2001::/23, 2002::/16).
                None => {
                    first & 0xe000 == 0x2000
                        && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
                        && first != 0x2002
                        && !(first == 0x3fff && second < 0x1000)
                }
            }
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:0:0/96`) or translated (`64:ff9b::/96`).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let translated = match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    };
    address.to_ipv4_mapped().or(translated)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || a == 100 && (64..128).contains(&b)
        || a == 169 && b == 254
        || a == 172 && (16..32).contains(&b)
        || a == 192 && b == 168
        || a == 192 && b == 0 && (c == 0 || c == 2)
        || a == 192 && b == 88 && c == 99
        || a == 198 && (b == 18 || b == 19)
        || a == 198 && b == 51 && c == 100
        || a == 203 && b == 0 && c == 113
        || a >= 224)
}

/// Addresses that nobody means by the name of a server: where clouds tell a machine its own secrets, and what is no host at all.
pub(super) fn is_never_asked(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, ..] = address.octets();
            address.is_link_local()
                || a == 0
                || a >= 224
                || address == Ipv4Addr::new(100, 100, 100, 200)
        }
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_never_asked(IpAddr::V4(inner)),
            None => {
                address.is_unspecified()
                    || address.is_multicast()
                    || address.is_unicast_link_local()
                    || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:7f00::1",
            "2001:db8::1",
            "fec0::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn a_list_of_hosts_bounds_what_is_asked() {
        let url = |text: &str| Url::parse(text).unwrap();
        let private: IpAddr = "10.0.0.1".parse().unwrap();
        let public: IpAddr = "1.1.1.1".parse().unwrap();
        let metadata: IpAddr = "169.254.169.254".parse().unwrap();
        let open = Reach::public();
        assert_eq!(open.refuses(&url("https://a.com/")), None);
        assert!(open.refuses(&url("http://a.com/")).is_some());
        assert!(open.admits(&url("https://a.com/"), public));
        assert!(!open.admits(&url("https://a.com/"), private));
        let reach = Reach::of(["a.com", "*.b.com:8443", "http://127.0.0.1:5000"]).unwrap();
        for allowed in [
            "https://a.com/",
            "https://a.com:1/",
            "https://x.b.com:8443/",
            "http://127.0.0.1:5000/",
        ] {
            assert_eq!(reach.refuses(&url(allowed)), None, "{allowed}");
            assert!(reach.admits(&url(allowed), private));
            assert!(!reach.admits(&url(allowed), metadata));
        }
        for refused in [
            "http://a.com/",
            "https://xa.com/",
            "https://b.com:8443/",
            "https://xb.com:8443/",
            "https://x.b.com/",
            "http://127.0.0.1:5001/",
            "https://127.0.0.1:5000/",
        ] {
            assert!(reach.refuses(&url(refused)).is_some(), "{refused}");
        }
        let star = Reach::of(["*", "a.corp"]).unwrap();
        assert!(star.admits(&url("https://a.corp/"), private));
        assert!(!star.admits(&url("https://b.corp/"), private));
        assert_eq!(star.refuses(&url("https://b.com/")), None);
        for wrong in ["", "a b", "ftp://a", "https://a/b", "*.", "a:b"] {
            assert!(Reach::of([wrong]).is_err(), "{wrong}");
        }
        let why = Reach::of(["https://me:s3cr3t@a"]).unwrap_err();
        assert!(!why.contains("s3cr3t"), "{why}");
        // Logins are told only to who is named.
        assert!(star.names(&url("https://a.corp/")) && !star.names(&url("https://b.com/")));
        assert!(!open.names(&url("https://a.com/")));
    }
}
