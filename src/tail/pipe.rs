//! The two ends of the wire as the WebSocket protocol sees them: bytes that came, bytes to send. No
//! I/O of its own, so that waiting, deadlines and backpressure stay with the caller.

use std::io::{self, Read, Write};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    came: Vec<u8>,
    read: usize,
    /// What is to be sent.
    pub(super) out: Vec<u8>,
    /// Whether the other side has closed.
    pub(super) ended: bool,
}

impl Pipe {
    /// Takes what came over the wire.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.read == self.came.len() {
            self.came.clear();
            self.read = 0;
        }
        self.came.extend_from_slice(bytes);
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.came.get(self.read..).unwrap_or_default();
        if rest.is_empty() {
            return if self.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read += count;
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_read_once_then_it_would_block_and_at_the_end_it_ends() {
        let mut pipe = Pipe::default();
        let mut buffer = [0; 2];
        assert_eq!(pipe.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        pipe.feed(b"abc");
        assert_eq!(pipe.read(&mut buffer).unwrap(), 2);
        assert_eq!((pipe.read(&mut buffer).unwrap(), buffer[0]), (1, b'c'));
        pipe.ended = true;
        assert_eq!(pipe.read(&mut buffer).unwrap(), 0);
    }
}
