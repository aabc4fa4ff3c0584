//! One socket: plays its steps, answers pings, and keeps to the tail's filters and its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, sleep};

use super::step::Step;
use super::traffic::Traffic;
use super::{Tails, chosen, handshake, wire};
use crate::sandbox::cloudflare::Account;

/// Bytes of a burst that are written at once.
const CHUNK: usize = 256 << 10;

/// Serves one connection until either side ends it.
pub(super) async fn converse(account: Arc<Account>, mut stream: TcpStream) {
    let tails = account.tails.clone();
    let Ok(Some(id)) = handshake::shake(&tails, &mut stream).await else { return };
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let (steps, queue) = mpsc::unbounded_channel();
    let connected = tails.with(&id, |kept| {
        kept.seen.sockets += 1;
        let number = kept.sockets.last().map_or(0, |(number, _)| number + 1);
        kept.sockets.push((number, steps.clone()));
        (number, kept.seen.script.clone(), kept.silent_from)
    });
    let Some((number, script, silent_from)) = connected else { return };
    let (said, client) = mpsc::unbounded_channel();
    let listening = tokio::spawn(listen(reader, said));
    let stream = {
        let mut held = tails.held();
        let play = held.plays.get_mut(&script).and_then(std::collections::VecDeque::pop_front);
        for step in play.unwrap_or_default() {
            let _ = steps.send(step);
        }
        (!held.scripted.contains(&script)).then(|| Traffic::new(&script, &account))
    };
    drop(steps);
    let socket = Socket {
        account,
        tails: tails.clone(),
        id: id.clone(),
        writer,
        silent_from,
        silent: false,
        sent: 0,
    };
    let _ = socket.run(queue, client, stream).await;
    listening.abort();
    tails.with(&id, |kept| {
        kept.seen.sockets -= 1;
        kept.sockets.retain(|(known, _)| *known != number);
    });
}

/// What a client sends, until it ends.
async fn listen(mut reader: OwnedReadHalf, said: mpsc::UnboundedSender<(u8, Vec<u8>)>) {
    while let Ok(frame) = wire::get(&mut reader).await {
        if said.send(frame).is_err() {
            break;
        }
    }
}

struct Socket {
    account: Arc<Account>,
    tails: Tails,
    id: String,
    writer: OwnedWriteHalf,
    silent_from: Instant,
    silent: bool,
    sent: u64,
}

type Client = UnboundedReceiver<(u8, Vec<u8>)>;

impl Socket {
    async fn run(
        mut self,
        mut queue: UnboundedReceiver<Step>,
        mut client: Client,
        mut traffic: Option<Traffic>,
    ) -> io::Result<()> {
        loop {
            tokio::select! {
                said = client.recv() => match said {
                    Some((opcode, payload)) => if !self.hear(opcode, &payload).await? { return Ok(()) },
                    None => return Ok(()),
                },
                step = queue.recv() => match step {
                    Some(step) => if !self.play(step, &mut client).await? { return Ok(()) },
                    // The tail is gone, and this socket with it.
                    None => return Ok(()),
                },
                step = next(&mut traffic, &self.account) => {
                    if !self.play(step, &mut client).await? { return Ok(()) }
                }
            }
        }
    }

    /// Takes what the client says; false where it says goodbye.
    async fn hear(&mut self, opcode: u8, payload: &[u8]) -> io::Result<bool> {
        match opcode {
            wire::PING => {
                self.tails.with(&self.id, |kept| kept.seen.pings += 1);
                if !self.silent {
                    self.write(wire::PONG, payload).await?;
                }
            }
            wire::TEXT => {
                let text = String::from_utf8_lossy(payload).into_owned();
                self.tails.with(&self.id, |kept| kept.seen.messages.push(text));
            }
            wire::CLOSE => {
                self.write(wire::CLOSE, payload).await?;
                return Ok(false);
            }
            _ => {}
        }
        Ok(true)
    }

    /// Plays a step; false where it is the last.
    async fn play(&mut self, step: Step, client: &mut Client) -> io::Result<bool> {
        match step {
            Step::Drop => return Ok(false),
            Step::Close(code, reason) => {
                self.write(wire::CLOSE, &wire::close(code, &reason)).await?;
                self.writer.shutdown().await?;
                // Its goodbye is waited for, so that it reads ours.
                while let Some((opcode, _)) = client.recv().await {
                    if opcode == wire::CLOSE {
                        break;
                    }
                }
                return Ok(false);
            }
            Step::Wait(time) => self.wait(time, client).await?,
            Step::FallSilent => self.silent = true,
            _ if self.silent || Instant::now() >= self.silent_from => {}
            Step::Event(event) => {
                let filters = self.tails.with(&self.id, |kept| kept.seen.filters.clone());
                self.sent += 1;
                if chosen::admits(&filters.unwrap_or_default(), &event, self.sent) {
                    self.write(wire::TEXT, event.to_string().as_bytes()).await?;
                }
            }
            Step::Text(text) => self.write(wire::TEXT, text.as_bytes()).await?,
            Step::Binary(bytes) => self.write(wire::BINARY, &bytes).await?,
            Step::Fragments(text, count) => self.fragments(&text, count).await?,
            Step::Raw(bytes) => self.writer.write_all(&bytes).await?,
            Step::Ping => self.write(wire::PING, b"?").await?,
            Step::Burst { template, count } => self.burst(&template, count, client).await?,
        }
        Ok(true)
    }

    async fn wait(&mut self, time: Duration, client: &mut Client) -> io::Result<()> {
        let over = sleep(time);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                said = client.recv() => match said {
                    Some((opcode, payload)) => drop(self.hear(opcode, &payload).await?),
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                },
            }
        }
    }

    async fn fragments(&mut self, text: &str, count: usize) -> io::Result<()> {
        let bytes = text.as_bytes();
        let size = bytes.len().div_ceil(count.max(1)).max(1);
        let mut out = Vec::new();
        let parts: Vec<_> = bytes.chunks(size).collect();
        for (nth, part) in parts.iter().enumerate() {
            let opcode = if nth == 0 { wire::TEXT } else { wire::CONTINUATION };
            wire::put(&mut out, opcode, nth + 1 == parts.len(), part);
        }
        self.writer.write_all(&out).await
    }

    async fn burst(&mut self, template: &str, count: u64, client: &mut Client) -> io::Result<()> {
        let (before, after) = template.split_once("{n}").unwrap_or((template, ""));
        let numbered = template.contains("{n}");
        let (mut out, mut message) = (Vec::with_capacity(CHUNK + template.len()), Vec::new());
        for n in 0..count {
            message.clear();
            message.extend_from_slice(before.as_bytes());
            if numbered {
                message.extend_from_slice(n.to_string().as_bytes());
                message.extend_from_slice(after.as_bytes());
            }
            wire::put(&mut out, wire::TEXT, true, &message);
            if out.len() >= CHUNK || n + 1 == count {
                self.writer.write_all(&out).await?;
                out.clear();
                while let Ok((opcode, payload)) = client.try_recv() {
                    self.hear(opcode, &payload).await?;
                }
            }
        }
        Ok(())
    }

    async fn write(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let mut out = Vec::with_capacity(payload.len() + 10);
        wire::put(&mut out, opcode, true, payload);
        self.writer.write_all(&out).await
    }
}

async fn next(traffic: &mut Option<Traffic>, account: &Account) -> Step {
    match traffic {
        Some(traffic) => traffic.next(account).await,
        None => std::future::pending().await,
    }
}
