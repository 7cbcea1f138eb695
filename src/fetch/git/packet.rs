//! Git's packet lines: four hexadecimal digits for the length, then the data.

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'b> {
    /// A line or a piece of data.
    Data(&'b [u8]),
    /// The end of a message, of a part of one, or of an answer.
    Mark,
}

pub(super) const FLUSH: &[u8] = b"0000";
pub(super) const DELIMITER: &[u8] = b"0001";

/// Appends a line.
pub(super) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

/// What a server says of itself, as a clause of a problem: its first line, without what a terminal would obey.
pub(super) fn told(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().next().unwrap_or_default();
    let shown: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    format!("its server says: {shown}")
}

/// The packets of an answer.
pub(super) struct Packets<'b> {
    rest: &'b [u8],
}

impl<'b> Packets<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next packet; `None` at the end. An error that the server reports is one here.
    pub(super) fn next(&mut self) -> Result<Option<Packet<'b>>, String> {
        const WRONG: &str = "its answer is not one of a git server";
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(WRONG)?;
        let digits = std::str::from_utf8(digits).map_err(|_| WRONG)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(WRONG.to_owned());
        }
        let length = usize::from_str_radix(digits, 16).map_err(|_| WRONG)?;
        let Some(length) = length.checked_sub(4) else {
            self.rest = rest;
            return Ok(Some(Packet::Mark));
        };
        let (data, rest) = rest.split_at_checked(length).ok_or(WRONG)?;
        self.rest = rest;
        match data.strip_prefix(b"ERR ") {
            Some(why) => Err(told(why)),
            None => Ok(Some(Packet::Data(data))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_cut() {
        let mut bytes = Vec::new();
        line(&mut bytes, "version 2");
        bytes.extend_from_slice(DELIMITER);
        bytes.extend_from_slice(FLUSH);
        bytes.extend_from_slice(b"0004");
        let mut packets = Packets::new(&bytes);
        assert_eq!(packets.next(), Ok(Some(Packet::Data(b"version 2\n"))));
        assert_eq!(packets.next(), Ok(Some(Packet::Mark)));
        assert_eq!(packets.next(), Ok(Some(Packet::Mark)));
        assert_eq!(packets.next(), Ok(Some(Packet::Data(b""))));
        assert_eq!(packets.next(), Ok(None));
        for wrong in [&b"00"[..], b"<htm", b"000axy", b"+00a123456"] {
            assert!(Packets::new(wrong).next().is_err());
        }
        let mut refused = Packets::new(b"0014ERR no\x1b[31m way\nx");
        assert_eq!(
            refused.next(),
            Err("its server says: no[31m way".to_owned())
        );
    }
}
