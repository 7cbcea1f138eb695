//! A git repository that a test makes: objects, packs, and a server that speaks smart HTTP.

use std::io::Write;

use sha1::{Digest, Sha1};

use super::super::cache::hex;
use super::server::{Asked, Reply, Server};

/// An object: its sort, its content.
pub(super) type Object = (&'static str, Vec<u8>);

/// The name of an object.
pub(super) fn id(object: &Object) -> String {
    hex(&raw_id(object))
}

fn raw_id((sort, data): &Object) -> [u8; 20] {
    let mut hash = Sha1::new();
    hash.update(format!("{sort} {}\0", data.len()));
    hash.update(data);
    hash.finalize().into()
}

/// A tree of entries: mode, name, object.
pub(super) fn tree(entries: &[(&str, &str, &Object)]) -> Object {
    let mut data = Vec::new();
    for (mode, name, object) in entries {
        data.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        data.extend_from_slice(&raw_id(object));
    }
    ("tree", data)
}

pub(super) fn blob(text: &str) -> Object {
    ("blob", text.into())
}

pub(super) fn commit(tree: &Object) -> Object {
    let author = "A <a@example.com> 0 +0000";
    let text = format!(
        "tree {}\nauthor {author}\ncommitter {author}\n\nx\n",
        id(tree)
    );
    ("commit", text.into())
}

/// An entry of a pack.
pub(super) enum Entry<'o> {
    Whole(&'o Object),
    /// A delta on the entry so many places before.
    Near(usize, Vec<u8>),
    /// A delta on an object.
    On(&'o Object, Vec<u8>),
}

/// A pack of some entries.
pub(super) fn pack(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = b"PACK\0\0\0\x02".to_vec();
    out.extend_from_slice(&(entries.len() as u32).to_be_bytes());
    let mut starts = Vec::new();
    for entry in entries {
        starts.push(out.len());
        let (sort, data) = match entry {
            Entry::Whole((sort, data)) => {
                let sort = ["commit", "tree", "blob", "tag"]
                    .iter()
                    .position(|s| s == sort)
                    .unwrap();
                (sort as u8 + 1, data)
            }
            Entry::Near(_, delta) => (6, delta),
            Entry::On(_, delta) => (7, delta),
        };
        let mut size = data.len();
        let mut byte = sort << 4 | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            out.push(byte | 128);
            byte = (size & 127) as u8;
            size >>= 7;
        }
        out.push(byte);
        match entry {
            Entry::Whole(_) => {}
            Entry::On(base, _) => out.extend_from_slice(&raw_id(base)),
            Entry::Near(back, _) => {
                let here = starts.len() - 1;
                let mut offset = starts[here] - starts[here - back];
                let mut bytes = vec![(offset & 127) as u8];
                while offset > 127 {
                    offset = (offset >> 7) - 1;
                    bytes.push((offset & 127) as u8 | 128);
                }
                out.extend(bytes.iter().rev());
            }
        }
        let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::default());
        encoder.write_all(data).unwrap();
        out = encoder.finish().unwrap();
    }
    let hash = Sha1::digest(&out);
    out.extend_from_slice(&hash);
    out
}

/// A delta that copies the first `kept` bytes (fewer than 2^16) of a base and appends a short text.
pub(super) fn delta(base: &Object, kept: usize, text: &str) -> Vec<u8> {
    let size = |mut number: usize| {
        let mut bytes = Vec::new();
        while number > 127 {
            bytes.push((number & 127) as u8 | 128);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let mut out = size(base.1.len());
    out.extend(size(kept + text.len()));
    out.extend([0x80 | 0x10 | 0x20, (kept & 255) as u8, (kept >> 8) as u8]);
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
    out
}

fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

/// A server of one repository at `/org/repo`: the names it has, and the pack that it sends for anything.
/// At `/old/repo` it does not know version 2.
pub(super) fn serve(names: Vec<(&'static str, String)>, pack: Vec<u8>) -> Server {
    Server::start(move |asked| {
        if asked.target == "/old/repo/info/refs?service=git-upload-pack" {
            let mut out = line("# service=git-upload-pack\n") + "0000";
            for (place, (name, id)) in names.iter().enumerate() {
                let can = if place == 0 {
                    "\0shallow side-band-64k"
                } else {
                    ""
                };
                out += &line(&format!("{id} {name}{can}\n"));
            }
            return Reply::ok(out + "0000");
        }
        if asked.target == "/old/repo/git-upload-pack" {
            let body = String::from_utf8_lossy(&asked.body);
            assert!(body.ends_with("000ddeepen 1\n00000009done\n"), "{body}");
            let mut out = format!("0000{}", line("NAK\n")).into_bytes();
            out.extend_from_slice(&in_band(&pack));
            return Reply::ok(out);
        }
        if asked.target == "/org/repo/info/refs?service=git-upload-pack" {
            return Reply::ok(format!(
                "{}0000{}{}{}0000",
                line("# service=git-upload-pack\n"),
                line("version 2\n"),
                line("ls-refs=unborn\n"),
                line("fetch=shallow wait-for-done\n")
            ));
        }
        if asked.target != "/org/repo/git-upload-pack" {
            return Reply::status(404);
        }
        answer(asked, &names, &pack)
    })
}

fn answer(asked: &Asked, names: &[(&str, String)], pack: &[u8]) -> Reply {
    let body = String::from_utf8_lossy(&asked.body);
    if body.contains("command=ls-refs\n") {
        let peeled = |name: &str| {
            let tag = names
                .iter()
                .find(|(other, _)| *other == format!("{name}^{{}}"));
            tag.map(|(_, id)| format!(" peeled:{id}"))
                .unwrap_or_default()
        };
        let lines: String = names
            .iter()
            .filter(|(name, _)| body.contains(&format!("ref-prefix {name}\n")))
            .map(|(name, id)| line(&format!("{id} {name}{}\n", peeled(name))))
            .collect();
        return Reply::ok(format!("{lines}0000"));
    }
    assert!(
        body.contains("deepen 1\n") && body.contains("done\n"),
        "{body}"
    );
    let known = names
        .iter()
        .any(|(_, id)| body.contains(&format!("want {}\n", &id[..40])));
    if !known {
        return Reply::ok(line("ERR upload-pack: not our ref\n"));
    }
    let mut out = line("shallow-info\n").into_bytes();
    out.extend_from_slice(b"0001");
    out.extend_from_slice(line("packfile\n").as_bytes());
    out.extend_from_slice(&in_band(pack));
    Reply::ok(out)
}

/// A pack as it is sent: in pieces, with a word of progress at the end.
fn in_band(pack: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pack.chunks(1000) {
        out.extend_from_slice(format!("{:04x}\x01", piece.len() + 5).as_bytes());
        out.extend_from_slice(piece);
    }
    out.extend_from_slice(line("\x02progress\n").as_bytes());
    out.extend_from_slice(b"0000");
    out
}
