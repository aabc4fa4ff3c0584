//! Whom this program trusts, and what a failed handshake means.
//!
//! Trust is the machine's own: the system's certificates, or those that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name, as for every other TLS program. They are read once, when the first https
//! connection needs them: that is hundreds of kilobytes to parse, which a local command must not
//! pay for.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::domain::text::{one_line, shorten};

/// Why a TLS connection failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// Past its end.
    #[error("the certificate has expired")]
    Expired,
    /// Before its beginning; often this machine's clock.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Self-signed, or by an authority that is not among the roots.
    #[error("the certificate is signed by nobody this machine trusts")]
    Untrusted,
    /// For another name.
    #[error("the certificate is for another name")]
    WrongName,
    /// This machine has no certificates to check against.
    #[error("this machine's root certificates cannot be read: {0}")]
    NoRoots(Box<str>),
    /// Anything else, in the words of the TLS library.
    #[error("the TLS handshake failed: {0}")]
    Other(Box<str>),
}

impl From<&rustls::Error> for TlsFault {
    fn from(error: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(fault) = error else {
            return TlsFault::other(error);
        };
        match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsFault::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsFault::NotYetValid
            }
            // A bad signature: by an authority that only shares its name with a trusted one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::Untrusted,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::WrongName
            }
            // What openssl makes by default: self-signed, and marked as an authority.
            CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
                TlsFault::Untrusted
            }
            _ => TlsFault::other(error),
        }
    }
}

impl TlsFault {
    /// A fault in the words of `error`.
    pub(crate) fn other(error: &dyn std::error::Error) -> Self {
        TlsFault::Other(shorten(&one_line(&error.to_string()), 160).into())
    }
}

/// The certificates to trust. Clones share one load.
#[derive(Debug, Clone, Default)]
pub struct Roots(Arc<OnceCell<Arc<RootCertStore>>>);

impl Roots {
    /// The machine's, read when first needed.
    pub fn system() -> Self {
        Self::default()
    }

    /// Exactly these.
    pub fn given(store: RootCertStore) -> Self {
        Self(Arc::new(OnceCell::new_with(Some(Arc::new(store)))))
    }

    /// The certificates; reads them at the first call, off the runtime's own thread.
    ///
    /// # Errors
    /// [`TlsFault::NoRoots`] where not one could be read.
    pub async fn load(&self) -> Result<Arc<RootCertStore>, TlsFault> {
        self.0.get_or_try_init(read_system).await.cloned()
    }
}

async fn read_system() -> Result<Arc<RootCertStore>, TlsFault> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    let found = read.await.map_err(|error| TlsFault::NoRoots(error.to_string().into()))?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    match found.errors.first() {
        _ if !store.is_empty() => Ok(Arc::new(store)),
        Some(error) => Err(TlsFault::NoRoots(one_line(&error.to_string()).into())),
        None => Err(TlsFault::NoRoots("none are installed".into())),
    }
}

/// A TLS configuration on ring that trusts `roots` and offers the protocols `alpn`.
///
/// # Errors
/// Never with the protocol versions that are compiled in; kept as an error rather than a panic.
pub fn client_config(
    roots: Arc<RootCertStore>,
    alpn: &[&str],
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_machine_without_certificates_is_told_from_a_bad_server() {
        match Roots::system().load().await {
            Ok(store) => assert!(!store.is_empty()),
            Err(fault) => assert!(matches!(fault, TlsFault::NoRoots(_)), "{fault}"),
        }
    }

    #[test]
    fn what_is_no_certificate_s_fault_keeps_the_library_s_words() {
        let fault = TlsFault::from(&rustls::Error::General("odd\u{1b}[2J".into()));
        assert_eq!(fault.to_string(), "the TLS handshake failed: unexpected error: odd\\u{1b}[2J");
    }
}
