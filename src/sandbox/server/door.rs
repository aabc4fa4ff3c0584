//! The listening socket of a stand-in, and what happens to connections before any HTTP.
//!
//! A change takes effect before the call returns: who closes a door and then knocks finds it closed.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};

/// What a listener does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// Serves them.
    #[default]
    Open,
    /// Refuses them: nothing listens on the port, which stays reserved.
    Refuse,
    /// Accepts them and says nothing, ever.
    Hang,
    /// Accepts and closes them.
    Close,
    /// Answers with bytes that are no protocol.
    Garbage,
}

/// A port on 127.0.0.1 that the system handed out.
#[derive(Debug)]
pub(in crate::sandbox) struct Listener {
    address: SocketAddr,
    held: Mutex<Held>,
    changed: Notify,
    turn: watch::Sender<u64>,
}

#[derive(Debug)]
struct Held {
    door: Door,
    listening: Option<TcpListener>,
    /// Keeps a refused port from being handed to somebody else.
    reserved: Option<TcpSocket>,
}

impl Listener {
    /// Listens; to be called inside the runtime that will accept.
    pub(in crate::sandbox) fn bind() -> io::Result<Self> {
        let listening = bound((Ipv4Addr::LOCALHOST, 0).into())?.listen(BACKLOG)?;
        let address = listening.local_addr()?;
        let held = Held { door: Door::Open, listening: Some(listening), reserved: None };
        let (turn, _) = watch::channel(0);
        Ok(Self { address, held: Mutex::new(held), changed: Notify::new(), turn })
    }

    pub(in crate::sandbox) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes what is open and behaves like `door` from now on; inside the runtime that accepts.
    pub(in crate::sandbox) fn set(&self, door: Door) -> io::Result<()> {
        let mut held = self.held();
        match door {
            Door::Refuse => {
                held.listening = None;
                held.reserved = Some(bound_again(self.address)?);
            }
            _ if held.listening.is_none() => {
                held.reserved = None;
                held.listening = Some(bound_again(self.address)?.listen(BACKLOG)?);
            }
            _ => {}
        }
        held.door = door;
        drop(held);
        self.turn.send_modify(|turn| *turn += 1);
        self.changed.notify_one();
        Ok(())
    }

    /// The next connection, what to do with it, and a sign that fires when the door changes.
    pub(in crate::sandbox) async fn next(&self) -> (TcpStream, Door, watch::Receiver<u64>) {
        loop {
            let accepted = poll_fn(|cx| {
                let held = self.held();
                match &held.listening {
                    Some(listening) => {
                        listening.poll_accept(cx).map_ok(|(stream, _)| (stream, held.door))
                    }
                    None => Poll::Pending,
                }
            });
            tokio::select! {
                accepted = accepted => {
                    if let Ok((stream, door)) = accepted {
                        return (stream, door, self.turn.subscribe());
                    }
                    // Out of descriptors, for example: others may return theirs.
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
                () = self.changed.notified() => {}
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const BACKLOG: u32 = 128;

/// How often, and how far apart in milliseconds, a port is asked for that was ours a moment ago.
const TRIES: (u32, u64) = (200, 5);

/// Takes back a port that was just given up: a process that another thread is starting holds a copy of
/// the socket until it has become its program.
fn bound_again(address: SocketAddr) -> io::Result<TcpSocket> {
    let (tries, ms) = TRIES;
    for _ in 1..tries {
        match bound(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                std::thread::sleep(std::time::Duration::from_millis(ms));
            }
            other => return other,
        }
    }
    bound(address)
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that were served on the port a moment ago must not keep us from it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A port that is ours and on which nothing listens.
#[derive(Debug)]
pub(in crate::sandbox) struct ClosedPort {
    address: SocketAddr,
    _reserved: TcpSocket,
}

impl ClosedPort {
    pub(in crate::sandbox) fn reserve() -> io::Result<Self> {
        let reserved = bound((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: reserved.local_addr()?, _reserved: reserved })
    }

    pub(in crate::sandbox) fn address(&self) -> SocketAddr {
        self.address
    }
}
