//! Git repositories by smart HTTP (protocol version 2): which commit a name stands for, and its files without its history.
//!
//! A fetch that is shallow, reads one answer and writes nothing needs three requests and a reader of packs (`pack`), both of which
//! are bounded here. A general git client would bring transports, a repository on the disk and negotiation, and no such bounds.

mod packet;
pub(super) mod pack;

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
    let is_id = reference.len() == 40 && reference.bytes().all(|b| b.is_ascii_hexdigit());
    let (wanted, commit) = if is_id {
        let id = reference.to_ascii_lowercase();
        (id.clone(), id)
    } else {
        remote.resolve(client, reference)?
    };
    let pack = remote.pack(client, &wanted)?;
    Ok(Commit { id: commit, pack })
}

/// A repository whose server has been asked what it can do.
struct Remote {
    /// Where commands are sent.
    url: Url,
    can_be_shallow: bool,
}

fn discover(client: &mut Client, url: &Url) -> Result<Remote, String> {
    const SERVICE: &str = "info/refs?service=git-upload-pack";
    let mut request = Request::default();
    request.headers.push(("git-protocol", "version=2".to_owned()));
    let answer = client.ask(&url.below(SERVICE)?, &request, MAX_ANSWER)?;
    let mut url = answer.url.clone();
    let directory = url.path.strip_suffix("info/refs").map(str::to_owned);
    let body = answer.ok()?;
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
    if !lines.iter().any(|line| line == "version 2") {
        return Err("its server does not speak version 2 of git's protocol".to_owned());
    }
    let can_be_shallow = lines
        .iter()
        .filter_map(|line| line.strip_prefix("fetch="))
        .any(|features| features.split(' ').any(|feature| feature == "shallow"));
    Ok(Remote {
        url,
        can_be_shallow,
    })
}

impl Remote {
    fn command(
        &self,
        client: &mut Client,
        name: &str,
        arguments: &[String],
        limit: usize,
    ) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        packet::line(&mut body, &format!("command={name}"));
        packet::line(&mut body, "object-format=sha1");
        body.extend_from_slice(packet::DELIMITER);
        for argument in arguments {
            packet::line(&mut body, argument);
        }
        body.extend_from_slice(packet::FLUSH);
        let request = Request {
            headers: vec![
                ("git-protocol", "version=2".to_owned()),
                ("accept", "application/x-git-upload-pack-result".to_owned()),
            ],
            token: None,
            body: Some(("application/x-git-upload-pack-request", body)),
        };
        client.ask(&self.url, &request, limit)?.ok()
    }

    /// The object that a name stands for, and the commit that it leads to. Names are completed in the order in which
    /// `git fetch` completes them.
    fn resolve(&self, client: &mut Client, reference: &str) -> Result<(String, String), String> {
        if reference.bytes().any(|b| b.is_ascii_control() || b == b' ') {
            return Err("it is no name of a branch, tag or commit".to_owned());
        }
        let names: Vec<String> = if reference.is_empty() {
            vec!["HEAD".to_owned()]
        } else {
            [
                "",
                "refs/",
                "refs/tags/",
                "refs/heads/",
                "refs/remotes/",
            ]
            .iter()
            .map(|before| format!("{before}{reference}"))
            .chain([format!("refs/remotes/{reference}/HEAD")])
            .collect()
        };
        let arguments: Vec<String> = std::iter::once("peel".to_owned())
            .chain(names.iter().map(|name| format!("ref-prefix {name}")))
            .collect();
        let body = self.command(client, "ls-refs", &arguments, MAX_ANSWER)?;
        let mut packets = Packets::new(&body);
        let mut found: Vec<(String, String, String)> = Vec::new();
        while let Some(packet) = packets.next()? {
            let Packet::Data(line) = packet else { continue };
            let line = String::from_utf8_lossy(line);
            let mut parts = line.trim_end().split(' ');
            let (Some(id), Some(name)) = (parts.next(), parts.next()) else {
                continue;
            };
            let peeled = parts.find_map(|part| part.strip_prefix("peeled:")).unwrap_or(id);
            found.push((name.to_owned(), id.to_owned(), peeled.to_owned()));
        }
        for name in &names {
            if let Some((_, id, commit)) = found.iter().find(|(known, ..)| known == name) {
                return Ok((id.clone(), commit.clone()));
            }
        }
        Err(if reference.is_empty() {
            "it has no default branch".to_owned()
        } else {
            format!("it has no branch and no tag `{reference}`")
        })
    }

    /// The pack with one object and what it leads to, history aside.
    fn pack(&self, client: &mut Client, wanted: &str) -> Result<Vec<u8>, String> {
        let mut arguments = vec![
            "no-progress".to_owned(),
            "ofs-delta".to_owned(),
            format!("want {wanted}"),
        ];
        if self.can_be_shallow {
            arguments.push("deepen 1".to_owned());
        }
        arguments.push("done".to_owned());
        let body = self.command(client, "fetch", &arguments, MAX_PACK)?;
        let mut packets = Packets::new(&body);
        let mut pack = Vec::new();
        let mut is_in_pack = false;
        while let Some(packet) = packets.next()? {
            let Packet::Data(line) = packet else { continue };
            if !is_in_pack {
                is_in_pack = line == b"packfile\n" || line == b"packfile";
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
