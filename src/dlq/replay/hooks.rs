//! Places in a run at which a test lets the process die or sleep. Without the `sandbox` feature there
//! are none.

/// What happens where.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    #[cfg(feature = "sandbox")]
    at: Option<std::sync::Arc<At>>,
}

#[cfg(feature = "sandbox")]
#[derive(Debug)]
struct At {
    place: String,
    signal: rustix::process::Signal,
    /// Passes that are let through.
    left: std::sync::atomic::AtomicU32,
}

impl Hooks {
    /// The hook that `word` asks for: `kill:after-intent:3` dies at the third pass, `stop:before-post:1`
    /// is suspended at the first. Anything else asks for none.
    #[cfg(feature = "sandbox")]
    pub fn parse(word: &str) -> Self {
        use rustix::process::Signal;
        let mut parts = word.split(':');
        let signal = match parts.next() {
            Some("kill") => Signal::KILL,
            Some("stop") => Signal::STOP,
            _ => return Self::default(),
        };
        let place = parts.next().unwrap_or_default().to_owned();
        let nth: u32 = parts.next().and_then(|nth| nth.parse().ok()).unwrap_or(1);
        let left = nth.saturating_sub(1).into();
        Self { at: Some(std::sync::Arc::new(At { place, signal, left })) }
    }

    /// Passes the place of this name.
    #[cfg_attr(not(feature = "sandbox"), expect(clippy::unused_self, reason = "no hooks here"))]
    pub(super) fn point(&self, place: &str) {
        #[cfg(feature = "sandbox")]
        if let Some(at) = self.at.as_deref().filter(|at| at.place == place) {
            use std::sync::atomic::Ordering;
            let pass = |left: u32| left.checked_sub(1);
            if at.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pass).is_err() {
                let _ = rustix::process::kill_process(rustix::process::getpid(), at.signal);
            }
        }
        #[cfg(not(feature = "sandbox"))]
        let _ = place;
    }
}
