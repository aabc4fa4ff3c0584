//! The TLS handshake of a probe: refuses what a browser refuses, and still keeps the certificate's
//! names and dates to show.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::error::{ProbeError, Step};
use crate::domain::text::{one_line, shorten};
use crate::http::{TlsFault, client_config};

/// More names than this are not kept.
const NAMES: usize = 50;

/// What a host's certificate says. The words are safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The names it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// From when it is valid (UTC).
    pub not_before: DateTime<Utc>,
    /// Until when it is valid (UTC).
    pub not_after: DateTime<Utc>,
    /// Whether this machine trusts it for this host now.
    pub trusted: Result<(), TlsFault>,
}

/// Checks as every client does, and remembers what was shown.
#[derive(Debug, Clone)]
pub(super) struct Recorder(Arc<Recording>);

#[derive(Debug)]
struct Recording {
    judge: Arc<WebPkiServerVerifier>,
    shown: OnceLock<(CertificateDer<'static>, Result<(), TlsFault>)>,
}

impl Recorder {
    /// A recorder that trusts `roots`.
    pub(super) fn new(roots: Arc<RootCertStore>) -> Result<Self, TlsFault> {
        let provider = Arc::new(ring::default_provider());
        let judge = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|error| TlsFault::NoRoots(error.to_string().into()))?;
        Ok(Self(Arc::new(Recording { judge, shown: OnceLock::new() })))
    }

    /// Shakes hands with `host` over `stream`.
    pub(super) async fn handshake(
        &self,
        host: &Host<&str>,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, ProbeError> {
        let name = match host {
            Host::Domain(name) => {
                ServerName::try_from((*name).to_owned()).map_err(|_| ProbeError::BadUrl)?
            }
            Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::from(*ip)),
            Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::from(*ip)),
        };
        let no_roots = Arc::new(RootCertStore::empty());
        let mut config =
            client_config(no_roots, &["http/1.1"]).map_err(|error| TlsFault::from(&error))?;
        config.dangerous().set_certificate_verifier(Arc::clone(&self.0) as _);
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(
            |error| match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(fault) => ProbeError::Tls(TlsFault::from(fault)),
                None => ProbeError::ConnectionLost(Step::Tls),
            },
        )
    }

    /// The certificate, once the host has shown a readable one.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        let (der, trusted) = self.0.shown.get()?;
        read(der, trusted.clone())
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.judge.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let trusted = verdict.as_ref().map(|_| ()).map_err(TlsFault::from);
        // One handshake, one certificate: a second one is not looked at.
        let _ = self.shown.set((end_entity.clone().into_owned(), trusted));
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

fn read(der: &[u8], trusted: Result<(), TlsFault>) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let time = |at: x509_parser::time::ASN1Time| DateTime::from_timestamp(at.timestamp(), 0);
    let alternatives = parsed.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|found| &found.value.general_names);
    Some(Certificate {
        names: names.filter_map(name).take(NAMES).collect(),
        issuer: shorten(&one_line(&issuer(&parsed)), 120),
        not_before: time(parsed.validity().not_before)?,
        not_after: time(parsed.validity().not_after)?,
        trusted,
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(shorten(&one_line(name), 120)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => {
                <[u8; 4]>::try_from(*bytes).ok().map(|ip| std::net::Ipv4Addr::from(ip).to_string())
            }
            _ => {
                <[u8; 16]>::try_from(*bytes).ok().map(|ip| std::net::Ipv6Addr::from(ip).to_string())
            }
        },
        _ => None,
    }
}

/// The issuer as people name it: its common name, else its organisation, else all of it.
fn issuer(parsed: &X509Certificate<'_>) -> String {
    let issuer = parsed.issuer();
    let mut names = issuer.iter_common_name().chain(issuer.iter_organization());
    names.find_map(|name| name.as_str().ok()).map_or_else(|| issuer.to_string(), str::to_owned)
}
