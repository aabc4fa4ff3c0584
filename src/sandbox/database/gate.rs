//! The door in front of the embedded database, which is one backend and would let a second session
//! wait for ever. The gate is a transaction pooler over it: each client is greeted here, and has the
//! backend from the first message of a transaction to its end. It also plays a database that knows
//! nobody's password.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::greeting::{self, Greeting};
use crate::sandbox::server::{Door, Listener, Stage};

/// How long a client may take to say who it is.
const GREETING: Duration = Duration::from_secs(10);
/// How long a client waits for the transaction of another one to end.
const TURN: Duration = Duration::from_secs(10);
/// Larger messages are nonsense.
const LONGEST: usize = 256 << 20;

/// What is behind the gate.
#[derive(Debug, Clone, Copy)]
pub(super) enum Behind {
    /// An engine that serves one session.
    OneSession(SocketAddr),
    /// Nobody: every password is wrong.
    Nobody,
}

/// A port that speaks PostgreSQL.
pub(super) struct Gate {
    listener: Arc<Listener>,
    stage: Arc<Stage>,
}

impl Gate {
    pub(super) fn start(stage: &Arc<Stage>, behind: Behind) -> io::Result<Self> {
        let listener = {
            let _runtime = stage.enter();
            Arc::new(Listener::bind()?)
        };
        let state = State { behind, backend: Arc::default() };
        let door = listener.clone();
        stage.spawn(async move {
            loop {
                let (client, _, mut closing) = door.next().await;
                let state = state.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = receive(client, state) => {}
                        _ = closing.changed() => {}
                    }
                });
            }
        });
        Ok(Self { listener, stage: stage.clone() })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.address()
    }
}

impl Drop for Gate {
    /// Ends the session that is open, so that the engine becomes free to stop.
    fn drop(&mut self) {
        let _runtime = self.stage.enter();
        let _ = self.listener.set(Door::Refuse);
    }
}

#[derive(Clone)]
struct State {
    behind: Behind,
    /// The one session that the engine serves, once somebody has asked for it.
    backend: Arc<Mutex<Option<Backend>>>,
}

/// The open session of the engine.
struct Backend {
    stream: TcpStream,
    /// What the engine said to the first client, up to its readiness; every client hears it.
    hello: Vec<u8>,
}

impl Backend {
    async fn open(engine: SocketAddr, startup: &[u8]) -> io::Result<Self> {
        let mut stream = TcpStream::connect(engine).await?;
        stream.set_nodelay(true)?;
        stream.write_all(startup).await?;
        let mut hello = Vec::new();
        loop {
            let message = message(&mut stream).await?;
            hello.extend_from_slice(&message);
            match message.first() {
                Some(b'Z') => return Ok(Self { stream, hello }),
                Some(b'E') => return Err(io::Error::other("the engine refuses the session")),
                _ => {}
            }
        }
    }

    /// Hands the answers to `client`, which may be gone, up to the engine's readiness; whether it is
    /// outside a transaction then.
    async fn answer(&mut self, client: &mut TcpStream) -> io::Result<bool> {
        loop {
            let message = message(&mut self.stream).await?;
            // The engine is heard out in any case: an answer that nobody took would be the next one's.
            let _ = client.write_all(&message).await;
            if message.first() == Some(&b'Z') {
                return Ok(message.last() == Some(&b'I'));
            }
        }
    }
}

/// One message with its head.
async fn message(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 5];
    from.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if !(4..=LONGEST).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = head.to_vec();
    message.resize(length + 1, 0);
    from.read_exact(&mut message[5..]).await?;
    Ok(message)
}

async fn receive(mut client: TcpStream, state: State) {
    // Small messages go back and forth; none may wait to be joined with the next.
    let _ = client.set_nodelay(true);
    let greeting = tokio::time::timeout(GREETING, greeting::read(&mut client)).await;
    let Ok(Ok(Greeting::Startup(startup))) = greeting else { return };
    let refusal = match state.behind {
        Behind::Nobody => greeting::wrong_password(&startup),
        Behind::OneSession(engine) => match hello(engine, &startup, &state).await {
            Ok(hello) => {
                if client.write_all(&hello).await.is_ok() {
                    let _ = serve(&mut client, &state).await;
                }
                return;
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => greeting::busy(),
            Err(_) => greeting::engine_is_gone(),
        },
    };
    let _ = client.write_all(&refusal).await;
    let _ = client.shutdown().await;
}

async fn hello(engine: SocketAddr, startup: &[u8], state: &State) -> io::Result<Vec<u8>> {
    let mut backend = tokio::time::timeout(TURN, state.backend.lock()).await?;
    if backend.is_none() {
        *backend = Some(Backend::open(engine, startup).await?);
    }
    Ok(backend.as_ref().map(|backend| backend.hello.clone()).unwrap_or_default())
}

/// Passes the client's transactions on, one after another, until it leaves.
async fn serve(client: &mut TcpStream, state: &State) -> io::Result<()> {
    loop {
        let first = message(client).await?;
        if first.first() == Some(&b'X') {
            return Ok(());
        }
        let turn = tokio::time::timeout(TURN, state.backend.lock()).await;
        let Ok(mut place) = turn else {
            client.write_all(&greeting::busy()).await?;
            return client.shutdown().await;
        };
        let Some(backend) = place.as_mut() else { return Ok(()) };
        let done = transaction(client, backend, first).await;
        if let Err(Broken::Engine) = done {
            *place = None;
        }
        if done.is_err() {
            return Ok(());
        }
    }
}

/// Who is gone.
enum Broken {
    Client,
    Engine,
}

/// From the first message of a transaction to its end. A client that leaves in the middle of one is
/// rolled back.
async fn transaction(
    client: &mut TcpStream,
    backend: &mut Backend,
    first: Vec<u8>,
) -> Result<(), Broken> {
    let mut next = first;
    loop {
        let kind = next.first().copied();
        if kind == Some(b'X') {
            return rolled_back(client, backend).await;
        }
        backend.stream.write_all(&next).await.map_err(|_| Broken::Engine)?;
        // Query, and Sync at the end of an extended one: the engine answers up to its readiness.
        if matches!(kind, Some(b'Q' | b'S')) {
            let idle = backend.answer(client).await.map_err(|_| Broken::Engine)?;
            if idle {
                return Ok(());
            }
        }
        next = match message(client).await {
            Ok(message) => message,
            Err(_) => return rolled_back(client, backend).await,
        };
    }
}

async fn rolled_back(client: &mut TcpStream, backend: &mut Backend) -> Result<(), Broken> {
    const ROLLBACK: &[u8] = b"S\0\0\0\x04Q\0\0\0\x0dROLLBACK\0";
    backend.stream.write_all(ROLLBACK).await.map_err(|_| Broken::Engine)?;
    for _ in 0..2 {
        backend.answer(client).await.map_err(|_| Broken::Engine)?;
    }
    Err(Broken::Client)
}
