//! How this program was called, so that every command it prints can be pasted back (contract §8).

use std::path::PathBuf;

use super::EnvName;

/// The global options that a printed command has to repeat.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The environment.
    pub env: EnvName,
    /// Whether a plain call would mean another environment: it was named, or a variable names one.
    pub say_env: bool,
    /// `--config`, where it was given
    pub config: Option<PathBuf>,
    /// `--sandbox=SCENARIO`, where it was given
    pub sandbox: Option<String>,
}

impl Invocation {
    /// A command of this program as one shell-quoted line, with the global options that are not
    /// the default.
    pub fn own<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        let mut line = String::from("parky-ops");
        let mut push = |word: &str| {
            line.push(' ');
            line.push_str(&shell_words::quote(word));
        };
        if self.say_env || !self.env.is_prod() {
            push("--env");
            push(self.env.as_str());
        }
        if let Some(config) = &self.config {
            push("--config");
            push(&config.display().to_string());
        }
        words.into_iter().for_each(push);
        match &self.sandbox {
            // The quoting library would quote the `=`; names of scenarios need no quotes.
            Some(scenario) => {
                line.replacen("parky-ops", &format!("parky-ops --sandbox={scenario}"), 1)
            }
            None => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_the_default_are_repeated_and_quoted() {
        let plain =
            Invocation { env: EnvName::prod(), say_env: false, config: None, sandbox: None };
        assert_eq!(plain.own(["health"]), "parky-ops health");
        let all = Invocation {
            env: "dev".parse().unwrap(),
            say_env: true,
            config: Some("/tmp/my conf.toml".into()),
            sandbox: Some("bad-deploy".into()),
        };
        assert_eq!(
            all.own(["health", "api"]),
            "parky-ops --sandbox=bad-deploy --env dev --config '/tmp/my conf.toml' health api"
        );
    }
}
