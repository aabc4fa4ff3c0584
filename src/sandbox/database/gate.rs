//! The door in front of the embedded database, which is one backend and would let a second session
//! wait for ever. The gate passes the first session on and refuses the next one at once, as
//! PostgreSQL itself does when it is full. It also plays a database that knows nobody's password.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::greeting::{self, Greeting};
use crate::sandbox::server::{Door, Listener, Stage};

/// How long a client may take to say who it is.
const GREETING: Duration = Duration::from_secs(10);
/// How long a client waits for one that has just left, whose session the engine still clears away.
const HAND_OVER: Duration = Duration::from_secs(2);
/// How long the engine may take to clear away a session.
const CLEARING: Duration = Duration::from_secs(10);

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
        let state = State {
            behind,
            place: Arc::new(Semaphore::new(1)),
            leaving: Arc::new(AtomicBool::new(false)),
        };
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
    place: Arc<Semaphore>,
    /// The client is gone, and the engine is about to be free.
    leaving: Arc<AtomicBool>,
}

impl State {
    async fn take_place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.place.clone().try_acquire_owned() {
            return Some(place);
        }
        if !self.leaving.load(Ordering::Acquire) {
            return None;
        }
        tokio::time::timeout(HAND_OVER, self.place.clone().acquire_owned()).await.ok()?.ok()
    }
}

async fn receive(mut client: TcpStream, state: State) {
    // Small messages go back and forth; none may wait to be joined with the next.
    let _ = client.set_nodelay(true);
    let greeting = tokio::time::timeout(GREETING, greeting::read(&mut client)).await;
    let Ok(Ok(Greeting::Startup(startup))) = greeting else { return };
    let refusal = match state.behind {
        Behind::Nobody => greeting::wrong_password(&startup),
        Behind::OneSession(engine) => match state.take_place().await {
            None => greeting::one_session_only(),
            Some(place) => match open(engine, &startup).await {
                Ok(engine) => return pass(client, engine, &state, place).await,
                Err(_) => greeting::engine_is_gone(),
            },
        },
    };
    let _ = client.write_all(&refusal).await;
    let _ = client.shutdown().await;
}

async fn open(engine: SocketAddr, startup: &[u8]) -> io::Result<TcpStream> {
    let mut engine = TcpStream::connect(engine).await?;
    engine.set_nodelay(true)?;
    engine.write_all(startup).await?;
    Ok(engine)
}

/// Passes bytes both ways until one side leaves. The engine stops for good when a connection breaks
/// in its hands, so it is always told of the end in the ordinary way and heard out.
async fn pass(client: TcpStream, engine: TcpStream, state: &State, place: OwnedSemaphorePermit) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_engine, mut to_engine) = engine.into_split();
    let requests = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_engine).await;
    };
    let answers = async {
        let _ = tokio::io::copy(&mut from_engine, &mut to_client).await;
    };
    let engine_left = tokio::select! {
        () = requests => false,
        () = answers => true,
    };
    if !engine_left {
        state.leaving.store(true, Ordering::Release);
        let _ = to_engine.shutdown().await;
        let mut rest = vec![0; 64 << 10];
        let heard = async { while from_engine.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
        let _ = tokio::time::timeout(CLEARING, heard).await;
    }
    drop(to_client);
    state.leaving.store(false, Ordering::Release);
    drop(place);
}
