//! Git repositories by smart HTTP: which commit a name stands for, and its files without its history.
//!
//! Protocol version 2 is asked for; a server that does not know it answers with all its names, as in version 0, and is understood.
//! A fetch that is shallow, reads one answer and writes nothing needs three requests and a reader of packs (`pack`), both of which
//! are bounded here. A general git client would bring transports, a repository on the disk and negotiation, and no such bounds.

pub(super) mod pack;
mod packet;

use super::client::{Client, Request};
use super::url::Url;
use packet::{Packet, Packets};

/// A pack is not larger than this.
const MAX_PACK: usize = 256 << 20;

/// An advertisement and a list of references are not larger than this.
const MAX_ANSWER: usize = 8 << 20;

/// A commit and the pack that holds it.
#[derive(Debug)]
pub(super) struct Commit {
    /// The name of the commit, 40 hexadecimal digits.
    pub(super) id: String,
    /// The pack as it was sent.
    pub(super) pack: Vec<u8>,
}

/// Fetches the commit that `reference` stands for: a branch, a tag, a full commit name; empty for the default branch.
pub(super) fn fetch(client: &mut Client, address: &str, reference: &str) -> Result<Commit, String> {
    let url = Url::parse(address)?;
    let remote = discover(client, &url)?;
    let (wanted, commit) = if is_id(reference) {
        let id = reference.to_ascii_lowercase();
        (id.clone(), id)
    } else {
        remote.resolve(client, reference)?
    };
    let pack = remote.pack(client, &wanted)?;
    Ok(Commit { id: commit, pack })
}

/// A branch, a tag, or another name: the object that it stands for, and the commit that this leads to.
struct Name {
    full: String,
    id: String,
    commit: String,
}

/// A repository whose server has been asked what it can do.
struct Remote {
    /// Where commands are sent.
    url: Url,
    can_be_shallow: bool,
    /// All names, where the server speaks version 0 and has told them already.
    told: Option<Vec<Name>>,
}

fn discover(client: &mut Client, url: &Url) -> Result<Remote, String> {
    const SERVICE: &str = "info/refs?service=git-upload-pack";
    let mut request = Request::default();
    request
        .headers
        .push(("git-protocol", "version=2".to_owned()));
    let answer = client.ask(&url.below(SERVICE)?, &request, MAX_ANSWER)?;
    let mut url = answer.url.clone();
    let directory = url.path.strip_suffix("info/refs").map(str::to_owned);
    let body = answer.ok("the repository")?;
    url.path = match directory {
        Some(directory) => format!("{directory}git-upload-pack"),
        None => return Err("a redirect leads to what is no git repository".to_owned()),
    };
    url.query = None;
    let mut packets = Packets::new(&body);
    let mut lines = Vec::new();
    while let Some(packet) = packets.next()? {
        if let Packet::Data(line) = packet {
            lines.push(String::from_utf8_lossy(line).trim_end().to_owned());
        }
    }
    let features = |line: &str, before: &str| {
        let features = line.strip_prefix(before).unwrap_or_default();
        features.split(' ').any(|feature| feature == "shallow")
    };
    if lines.iter().any(|line| line == "version 2") {
        return Ok(Remote {
            url,
            can_be_shallow: lines.iter().any(|line| features(line, "fetch=")),
            told: None,
        });
    }
    // The first name carries what the server can do, behind a NUL.
    let can = lines.iter().find_map(|line| line.split_once('\0'));
    let Some((_, can)) = can.filter(|(_, can)| can.contains("side-band-64k")) else {
        return Err("what answers there is no git server that can be understood".to_owned());
    };
    Ok(Remote {
        url,
        can_be_shallow: features(can, ""),
        told: Some(advertised(&lines)),
    })
}

/// The names that a server of version 0 tells: each with its object, a tag's commit on a line of its own.
fn advertised(lines: &[String]) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for line in lines {
        let line = line.split('\0').next().unwrap_or_default();
        let Some((id, name)) = line.split_once(' ').filter(|(id, _)| is_id(id)) else {
            continue;
        };
        match (name.strip_suffix("^{}"), names.last_mut()) {
            (Some(tag), Some(last)) if last.full == tag => id.clone_into(&mut last.commit),
            _ => names.push(Name {
                full: name.to_owned(),
                id: id.to_owned(),
                commit: id.to_owned(),
            }),
        }
    }
    names
}

fn is_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Remote {
    fn post(&self, client: &mut Client, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, String> {
        let mut headers = vec![("accept", "application/x-git-upload-pack-result".to_owned())];
        if self.told.is_none() {
            headers.push(("git-protocol", "version=2".to_owned()));
        }
        let request = Request {
            headers,
            authorization: None,
            body: Some(("application/x-git-upload-pack-request", body)),
        };
        client.ask(&self.url, &request, limit)?.ok("the repository")
    }

    /// The object that a name stands for, and the commit that it leads to. Names are completed in the order in which
    /// `git fetch` completes them.
    fn resolve(&self, client: &mut Client, reference: &str) -> Result<(String, String), String> {
        if reference.bytes().any(|b| b.is_ascii_control() || b == b' ') {
            return Err("it is no name of a branch, tag or commit".to_owned());
        }
        let wanted: Vec<String> = if reference.is_empty() {
            vec!["HEAD".to_owned()]
        } else {
            let places = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
            places
                .iter()
                .map(|place| format!("{place}{reference}"))
                .chain([format!("refs/remotes/{reference}/HEAD")])
                .collect()
        };
        let listed;
        let known = if let Some(told) = &self.told {
            told
        } else {
            listed = self.list(client, &wanted)?;
            &listed
        };
        let found = wanted
            .iter()
            .find_map(|wanted| known.iter().find(|known| known.full == *wanted));
        let found = found.ok_or_else(|| {
            if reference.is_empty() {
                "it has no default branch".to_owned()
            } else {
                format!("it has no branch and no tag `{reference}`")
            }
        })?;
        Ok((found.id.clone(), found.commit.clone()))
    }

    /// The names that a server of version 2 has under some prefixes.
    fn list(&self, client: &mut Client, prefixes: &[String]) -> Result<Vec<Name>, String> {
        let mut body = Vec::new();
        packet::line(&mut body, "command=ls-refs");
        packet::line(&mut body, "object-format=sha1");
        body.extend_from_slice(packet::DELIMITER);
        packet::line(&mut body, "peel");
        for prefix in prefixes {
            packet::line(&mut body, &format!("ref-prefix {prefix}"));
        }
        body.extend_from_slice(packet::FLUSH);
        let answer = self.post(client, body, MAX_ANSWER)?;
        let mut packets = Packets::new(&answer);
        let mut names = Vec::new();
        while let Some(packet) = packets.next()? {
            let Packet::Data(line) = packet else { continue };
            let line = String::from_utf8_lossy(line);
            let mut parts = line.trim_end().split(' ');
            let (Some(id), Some(name)) = (parts.next().filter(|id| is_id(id)), parts.next()) else {
                continue;
            };
            let peeled = parts.find_map(|part| part.strip_prefix("peeled:"));
            names.push(Name {
                full: name.to_owned(),
                id: id.to_owned(),
                commit: peeled.unwrap_or(id).to_owned(),
            });
        }
        Ok(names)
    }

    /// The pack with one object and what it leads to, history aside.
    fn pack(&self, client: &mut Client, wanted: &str) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        if self.told.is_some() {
            let want = format!("want {wanted} ofs-delta side-band-64k no-progress");
            packet::line(&mut body, &want);
        } else {
            packet::line(&mut body, "command=fetch");
            packet::line(&mut body, "object-format=sha1");
            body.extend_from_slice(packet::DELIMITER);
            packet::line(&mut body, "no-progress");
            packet::line(&mut body, "ofs-delta");
            packet::line(&mut body, &format!("want {wanted}"));
        }
        if self.can_be_shallow {
            packet::line(&mut body, "deepen 1");
        }
        if self.told.is_some() {
            body.extend_from_slice(packet::FLUSH);
            packet::line(&mut body, "done");
        } else {
            packet::line(&mut body, "done");
            body.extend_from_slice(packet::FLUSH);
        }
        // What stands before the pack, in version 0 and in version 2.
        let before: &[u8] = if self.told.is_some() {
            b"NAK"
        } else {
            b"packfile"
        };
        let answer = self.post(client, body, MAX_PACK)?;
        let mut packets = Packets::new(&answer);
        let mut pack = Vec::new();
        let mut is_in_pack = false;
        while let Some(packet) = packets.next()? {
            let Packet::Data(line) = packet else { continue };
            if !is_in_pack {
                is_in_pack = line.trim_ascii_end() == before;
                continue;
            }
            // What a server sends is told apart by its first byte: the pack, progress, a fatal error.
            match line.split_first() {
                Some((1, data)) => pack.extend_from_slice(data),
                Some((3, why)) => return Err(packet::told(why)),
                _ => {}
            }
        }
        if pack.is_empty() {
            return Err("its server sends no pack".to_owned());
        }
        Ok(pack)
    }
}
