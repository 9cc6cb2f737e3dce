//! Reads the bytes of a `text/event-stream`, however they are cut into pieces.

/// One event of the stream: only what the page uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// The id to resume from; empty when the event has none.
    pub id: String,
    /// All `data` lines, joined by line breaks.
    pub data: String,
}

/// Collects bytes until events are whole.
#[derive(Debug, Default)]
pub struct EventReader {
    /// Bytes after the last line break.
    rest: Vec<u8>,
    event: ServerEvent,
    has_data: bool,
}

impl EventReader {
    /// Takes the next piece and returns the events that it completes.
    pub fn read(&mut self, piece: &[u8]) -> Vec<ServerEvent> {
        self.rest.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(event) = self.read_line(line.trim_end_matches(['\r', '\n'])) {
                events.push(event);
            }
        }
        events
    }

    fn read_line(&mut self, line: &str) -> Option<ServerEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = value.to_owned(),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // Comments keep the line open; the kind of the event is in its data.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, data: &str) -> ServerEvent {
        ServerEvent { id: id.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_whole_however_the_bytes_arrive() {
        let stream = ": hello\n\nid: 7\nevent: order.updated\ndata: {\"a\":\r\ndata:1}\n\nid: 8\ndata: é\n\n";
        let expected = [event("7", "{\"a\":\n1}"), event("8", "é")];

        for size in 1..=stream.len() {
            let mut reader = EventReader::default();
            let events: Vec<_> =
                stream.as_bytes().chunks(size).flat_map(|piece| reader.read(piece)).collect();
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn comments_and_blank_lines_are_no_events() {
        assert!(EventReader::default().read(b": keep\n\n\n\nretry: 5\n\n").is_empty());
    }
}
