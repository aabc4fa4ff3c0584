//! Small servers on loopback that misbehave on order, for the tests of everything that speaks HTTP.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// What a server does with one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and waits for the next request on the same connection.
    Keep(Vec<u8>),
    /// Sends these bytes and then nothing, with the connection open.
    Stall(Vec<u8>),
    /// Sends these bytes and then blanks for as long as anyone reads.
    Flood(Vec<u8>),
}

/// A whole answer with a length.
pub(crate) fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
    Act::Send([head.as_bytes(), body].concat())
}

/// A JSON answer with status 200.
pub(crate) fn json(body: &str) -> Act {
    answer("200 OK", &["Content-Type: application/json"], body)
}

/// A server; it stops when dropped.
pub(crate) struct Stub {
    pub(crate) addr: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Script = Arc<dyn Fn(usize, &str) -> Act + Send + Sync>;

impl Stub {
    /// A server that asks `script` what to do with each request: its number from 0, and its text.
    pub(crate) async fn http(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        Self::serve(None, Arc::new(script)).await
    }

    /// The same over TLS.
    pub(crate) async fn https(
        tls: ServerConfig,
        script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(TlsAcceptor::from(Arc::new(tls))), Arc::new(script)).await
    }

    async fn serve(tls: Option<TlsAcceptor>, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        let connections = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            // Connections end with the server: they live in its own set.
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (tls, script, seen) = (tls.clone(), Arc::clone(&script), Arc::clone(&seen));
                open.spawn(async move {
                    match tls {
                        None => converse(stream, &script, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                converse(stream, &script, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { addr, requests, connections, task }
    }

    /// The requests so far, each with its head and its body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections it took so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Its address as a URL.
    pub(crate) fn url(&self) -> url::Url {
        format!("http://{}", self.addr).parse().unwrap()
    }

    /// Its address as an https URL, under `name`.
    pub(crate) fn https_url(&self, name: &str) -> url::Url {
        format!("https://{name}:{}", self.addr.port()).parse().unwrap()
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: &Script,
    seen: &Mutex<Vec<String>>,
) {
    while let Some(request) = read_request(&mut stream).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        // The client may hang up at any time: that is its right.
        match act(&mut stream, script(number, &request)).await {
            Ok(true) => {}
            _ => return,
        }
    }
}

/// A request with as much body as its head declares.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
            let declared = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let body: usize = declared.map_or(0, |length| length.trim().parse().unwrap());
            if text.len() >= end + 4 + body {
                return Some(String::from_utf8_lossy(&text).into_owned());
            }
        }
        let mut part = [0; 1024];
        match stream.read(&mut part).await {
            Ok(n) if n > 0 => text.extend_from_slice(&part[..n]),
            _ => return None,
        }
    }
}

/// Does `act`; true where the connection goes on.
async fn act(stream: &mut (impl AsyncWrite + Unpin), act: Act) -> std::io::Result<bool> {
    match act {
        Act::Send(bytes) => stream.write_all(&bytes).await?,
        Act::Keep(bytes) => {
            stream.write_all(&bytes).await?;
            return stream.flush().await.map(|()| true);
        }
        Act::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            std::future::pending::<()>().await;
        }
        Act::Flood(bytes) => {
            stream.write_all(&bytes).await?;
            loop {
                stream.write_all(&[b' '; 1 << 16]).await?;
            }
        }
    }
    stream.shutdown().await.map(|()| false)
}

/// A port that takes no connection and says nothing, because its backlog is full.
pub(crate) async fn silent_port() -> ((TcpListener, JoinSet<()>), u16) {
    let (socket, port) = closed_port();
    let listener = socket.listen(1).unwrap();
    let mut filling = JoinSet::new();
    for _ in 0..16 {
        filling.spawn(async move {
            let _open = TcpStream::connect(("127.0.0.1", port)).await;
            std::future::pending::<()>().await;
        });
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    ((listener, filling), port)
}

/// A port at which nothing listens and nothing will: it is taken, not free.
pub(crate) fn closed_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// A certificate authority of a test.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) roots: RootCertStore,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Test Root");
        let key = KeyPair::generate().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(params.self_signed(&key).unwrap().der().clone()).unwrap();
        Self { issuer: Issuer::new(params, key), roots }
    }

    /// A server's TLS with a certificate for `names`, changed by `change`.
    pub(crate) fn server(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let (params, key) = leaf(names, change);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server_config(certificate.der().clone(), &key)
    }
}

/// A server's TLS with a certificate that it signed itself.
pub(crate) fn self_signed(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> ServerConfig {
    let (params, key) = leaf(names, change);
    server_config(params.self_signed(&key).unwrap().der().clone(), &key)
}

fn leaf(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    change(&mut params);
    (params, KeyPair::generate().unwrap())
}

fn server_config(
    certificate: rustls::pki_types::CertificateDer<'static>,
    key: &KeyPair,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap()
}
