//! The lines on a thread of their own: what comes is taken from the network while what came before is
//! being read.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// See the module. What the lines have begun in the background goes on until this is dropped.
pub(super) struct Apart {
    runtime: Option<Runtime>,
    lines: JoinHandle<()>,
}

impl Apart {
    /// Begins.
    pub(super) fn start(lines: impl Future<Output = ()> + Send + 'static) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("lines").enable_all().build()?;
        let lines = runtime.spawn(lines);
        Ok(Self { runtime: Some(runtime), lines })
    }

    /// Drops the lines; when this returns, they begin nothing any more.
    pub(super) async fn stop(&mut self) {
        self.lines.abort();
        if !self.lines.is_finished() {
            // One that panicked has said so, and is gone too.
            let _ = (&mut self.lines).await;
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Without waiting, which is not allowed here.
            runtime.shutdown_background();
        }
    }
}
