//! Small servers that misbehave in one way each.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A port on which nothing listens (any more).
pub(crate) fn closed_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A port that accepts and never says a word.
pub(crate) fn silent_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut kept: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming().flatten() {
            kept.push(stream);
        }
    });
    port
}

/// A port before the port `to`, on which everything that a client says arrives this much later.
pub(crate) fn delaying_port(to: u16, delay: Duration) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
            let (Ok(heard), Ok(said)) = (client.try_clone(), server.try_clone()) else { continue };
            thread::spawn(move || pass(heard, server, delay));
            thread::spawn(move || pass(said, client, Duration::ZERO));
        }
    });
    port
}

/// Passes on what comes, until one end leaves.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        thread::sleep(delay);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A PostgreSQL or a pooler that answers every login with this error.
pub(crate) fn refusing_postgres(sqlstate: &str, message: &str) -> u16 {
    let fields = [('S', "FATAL"), ('V', "FATAL"), ('C', sqlstate), ('M', message)];
    let fields: String = fields.map(|(kind, text)| format!("{kind}{text}\0")).concat() + "\0";
    let length = u32::try_from(fields.len() + 4).unwrap();
    let answer = [b"E".as_slice(), &length.to_be_bytes(), fields.as_bytes()].concat();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let mut buffer = [0; 1024];
            // Each wish for encryption is declined; whatever comes next says who logs in.
            while matches!(stream.read(&mut buffer), Ok(8)) && stream.write_all(b"N").is_ok() {}
            let _ = stream.write_all(&answer);
        }
    });
    port
}

/// Answers every request with the same bytes, then closes.
pub(crate) struct HttpServer {
    pub(crate) port: u16,
    requests: Arc<AtomicUsize>,
}

impl HttpServer {
    /// Answers `status` with a body of this content type.
    pub(crate) fn answering(status: &str, kind: &str, body: &str) -> Self {
        Self::raw(format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Answers these bytes.
    pub(crate) fn raw(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::with(move |stream, _| {
            let _ = stream.write_all(&answer);
        })
    }

    /// Calls `answer` with the stream and the running number of each request.
    pub(crate) fn with(answer: impl Fn(&mut TcpStream, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (counter, answer) = (Arc::clone(&counter), Arc::clone(&answer));
                thread::spawn(move || {
                    if read_head(&mut stream) {
                        let number = counter.fetch_add(1, Ordering::SeqCst);
                        answer(&mut stream, number);
                    }
                });
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn read_head(stream: &mut TcpStream) -> bool {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// A root of trust, and https servers whose certificates it signed.
pub(crate) struct Tls {
    root: CertifiedIssuer<'static, KeyPair>,
}

impl Tls {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { root: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    /// The root as PEM, for `SSL_CERT_FILE`.
    pub(crate) fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// A server that answers 200 over https, with a certificate for `name` that ends in so many days.
    pub(crate) fn server(&self, name: &str, days: i64) -> u16 {
        let (certificate, key) = self.leaf(name, days);
        Self::serve(certificate, key)
    }

    /// The same with a certificate that nobody but itself vouches for.
    pub(crate) fn self_signed_server(name: &str) -> u16 {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self::serve(certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }

    fn serve(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> u16 {
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                thread::spawn(move || {
                    let Ok(mut session) = rustls::ServerConnection::new(config) else { return };
                    let mut tls = rustls::Stream::new(&mut session, &mut stream);
                    let mut buffer = [0; 4096];
                    if tls.read(&mut buffer).is_ok() {
                        let answer =
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                        let _ = tls.write_all(answer.as_bytes());
                    }
                });
            }
        });
        port
    }

    fn leaf(&self, name: &str, days: i64) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let now = std::time::SystemTime::now();
        let day = Duration::from_secs(86_400);
        params.not_before = (now - 400 * day).into();
        let span = day * u32::try_from(days.abs()).unwrap();
        params.not_after = if days < 0 { now - span } else { now + span }.into();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.root).unwrap();
        (certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }
}
