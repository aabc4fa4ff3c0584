//! A stand-in at a socket in the file system as well: for clients that know it by its real name.

use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;

use super::{Server, answer};

impl Server {
    /// Serves the same at a socket that is made at `path`; an old one there is replaced.
    ///
    /// # Errors
    /// The socket cannot be made there.
    pub fn listen_at(&self, path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = {
            let _runtime = self.stage.enter();
            UnixListener::bind(path)?
        };
        // Weak, so that the server ends with its last holder.
        let shared = Arc::downgrade(&self.shared);
        self.stage.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(shared) = shared.upgrade() else { return };
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(shared.clone(), request));
                    let connection = hyper::server::conn::http1::Builder::new();
                    // A client that leaves, or a fault that closes, is no news here.
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(())
    }
}
