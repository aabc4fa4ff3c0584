//! The two ends of the wire as the WebSocket protocol sees them: bytes that came, bytes to send. No
//! I/O of its own, so that waiting, deadlines and backpressure stay with the caller.

use std::io::{self, Read, Write};

/// Taken from the wire at once, in bytes.
const ROOM: usize = 128 << 10;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// Room for what comes; `came` of it has, and `read` has been read.
    room: Vec<u8>,
    came: usize,
    read: usize,
    /// What is to be sent.
    pub(super) out: Vec<u8>,
    /// Whether the other side has closed.
    pub(super) ended: bool,
}

impl Pipe {
    /// Where what comes over the wire is to be put; [`Pipe::comes`] tells how much did.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.read == self.came {
            (self.read, self.came) = (0, 0);
        }
        if self.room.len() - self.came < ROOM / 2 {
            self.room.resize(self.came + ROOM, 0);
        }
        self.room.get_mut(self.came..).unwrap_or_default()
    }

    /// So many bytes came.
    pub(super) fn comes(&mut self, count: usize) {
        self.came += count;
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.room.get(self.read..self.came).unwrap_or_default();
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
        pipe.room()[..3].copy_from_slice(b"abc");
        pipe.comes(3);
        assert_eq!(pipe.read(&mut buffer).unwrap(), 2);
        assert_eq!((pipe.read(&mut buffer).unwrap(), buffer[0]), (1, b'c'));
        pipe.ended = true;
        assert_eq!(pipe.read(&mut buffer).unwrap(), 0);
    }
}
