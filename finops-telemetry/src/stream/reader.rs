//! Lines of a stream: server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>) and
//! newline-delimited JSON.

/// Bytes of the longest event that is held: the last event of a Responses stream repeats the whole answer.
const MAX_EVENT: usize = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Cuts text that arrives in any pieces into events.
#[derive(Debug, Clone, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    data: Vec<u8>,
    /// The last byte was a carriage return: a line feed after it ends no further line.
    after_return: bool,
    started: bool,
    /// The line, or the event, is too long and is dropped up to its end.
    dropping_line: bool,
    dropping_event: bool,
    lost: bool,
}

impl EventReader {
    /// Takes the next piece and hands every event that it completes to `event`.
    pub fn feed(&mut self, mut bytes: &[u8], event: &mut impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            let (terminator, rest) = rest.split_at_checked(1).unwrap_or_default();
            bytes = rest;
            let completes_return = self.after_return && terminator == b"\n" && line.is_empty();
            self.after_return = terminator == b"\r";
            if completes_return {
                continue;
            }
            if self.line.is_empty() && !self.dropping_line {
                self.take_line(line, event);
            } else {
                self.hold(line);
                self.end_line(event);
            }
        }
        if !bytes.is_empty() {
            self.after_return = false;
            self.hold(bytes);
        }
    }

    /// Takes what the stream ended with, as if it had ended with empty lines.
    pub fn flush(&mut self, event: &mut impl FnMut(&[u8])) {
        self.end_line(event);
        self.dispatch(event);
    }

    /// Whether an event was too long to be read.
    pub const fn lost_an_event(&self) -> bool {
        self.lost
    }

    fn hold(&mut self, piece: &[u8]) {
        if self.line.len().saturating_add(piece.len()) > MAX_EVENT {
            self.line = Vec::new();
            self.dropping_line = true;
            self.lost = true;
        } else if !self.dropping_line {
            self.line.extend_from_slice(piece);
        }
    }

    fn end_line(&mut self, event: &mut impl FnMut(&[u8])) {
        if std::mem::take(&mut self.dropping_line) {
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        self.take_line(&line, event);
        line.clear();
        self.line = line;
    }

    fn take_line(&mut self, line: &[u8], event: &mut impl FnMut(&[u8])) {
        let first = !std::mem::replace(&mut self.started, true);
        let line = if first { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        match line {
            [] => self.dispatch(event),
            [b'{' | b'[', ..] => {
                self.dispatch(event);
                event(line);
            }
            [b'd', b'a', b't', b'a', b':', value @ ..] => {
                let value = value.strip_prefix(b" ").unwrap_or(value);
                if self.data.len().saturating_add(value.len()) > MAX_EVENT {
                    self.data = Vec::new();
                    self.dropping_event = true;
                    self.lost = true;
                }
                if !self.dropping_event {
                    if !self.data.is_empty() {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(value);
                }
            }
            // Comments, event names, ids: the data says what it is.
            _ => {}
        }
    }

    fn dispatch(&mut self, event: &mut impl FnMut(&[u8])) {
        self.dropping_event = false;
        if !self.data.is_empty() {
            event(&self.data);
            self.data.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let (mut reader, mut found) = (EventReader::default(), Vec::new());
        let mut keep = |event: &[u8]| found.push(String::from_utf8_lossy(event).into_owned());
        for piece in pieces {
            reader.feed(piece, &mut keep);
        }
        reader.flush(&mut keep);
        found
    }

    #[test]
    fn events_end_with_an_empty_line_of_any_kind() {
        for newline in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}: hello", "event: a", "data: 1", "data:2", "", "id: 7", "data: [DONE]", ""]
                .join(newline);
            assert_eq!(events(&[text.as_bytes()]), ["1\n2", "[DONE]"], "{newline:?}");
        }
        assert_eq!(events(&[b"{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}"]), ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]);
        assert_eq!(events(&[b"data: x\r", b"\n\r", b"\ndata: y"]), ["x", "y"]);
    }

    #[test]
    fn an_endless_line_is_dropped_and_noted() {
        let mut reader = EventReader::default();
        let (piece, mut seen) = (vec![b'x'; 16 << 20], 0_u32);
        for _ in 0..6 {
            reader.feed(&piece, &mut |_| seen = seen.saturating_add(1));
        }
        assert!(reader.lost_an_event() && reader.line.capacity() == 0);
        reader.feed(b"\ndata: 1\n\n", &mut |event| {
            assert_eq!(event, b"1");
            seen = seen.saturating_add(1);
        });
        assert_eq!(seen, 1);
    }

    proptest! {
        #[test]
        fn where_the_text_is_cut_changes_nothing(text in "(data: ?[a-c]{0,3}|\\{\\}|:|x|)(\r\n|\n|\r)((data:[ab]|\\{\\}|)(\r\n|\n|\r)){0,8}[a-d:]{0,3}", cuts in prop::collection::vec(0_usize..60, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(events(&pieces), events(&[bytes]));
        }
    }
}
