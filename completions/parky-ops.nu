module completions {

  def "nu-complete parky-ops format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops fail_on" [] {
    [ "yellow" ]
  }

  # The on-call runbook of Parky as one fast program
  export extern parky-ops [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    --version(-V)             # Print version
  ]

  def "nu-complete parky-ops completions shell" [] {
    [ "bash" "elvish" "fish" "nushell" "powershell" "zsh" ]
  }

  def "nu-complete parky-ops completions format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops completions color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops completions fail_on" [] {
    [ "yellow" ]
  }

  # Print the completion script of a shell
  export extern "parky-ops completions" [
    --static                  # A script that holds commands and options itself instead of asking the program; it knows no values, and goes stale with the next version
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops completions format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops completions color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops completions fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    shell: string@"nu-complete parky-ops completions shell"
  ]

  def "nu-complete parky-ops config format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops config color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops config fail_on" [] {
    [ "yellow" ]
  }

  # What is configured, and who says so
  export extern "parky-ops config" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops config format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops config color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops config fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops config init format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops config init color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops config init fail_on" [] {
    [ "yellow" ]
  }

  # Write a user file in which every key is explained
  export extern "parky-ops config init" [
    --defaults                # Ask nothing
    --yes(-y)                 # Replace a file that is there (it is kept with .bak behind its name)
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops config init format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops config init color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops config init fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops config path format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops config path color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops config path fail_on" [] {
    [ "yellow" ]
  }

  # Print which files are read, or would be
  export extern "parky-ops config path" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops config path format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops config path color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops config path fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops config show format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops config show color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops config show fail_on" [] {
    [ "yellow" ]
  }

  # Print every value that is in force
  export extern "parky-ops config show" [
    --origin                  # Tell where each value came from
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops config show format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops config show color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops config show fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops config validate format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops config validate color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops config validate fail_on" [] {
    [ "yellow" ]
  }

  # Check the configuration, or a file before it is put in its place
  export extern "parky-ops config validate" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops config validate format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops config validate color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops config validate fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    file?: path               # A user file to check instead of the one in use
  ]

  def "nu-complete parky-ops doctor format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops doctor color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops doctor fail_on" [] {
    [ "yellow" ]
  }

  # Tell where each credential came from, and whether it works
  export extern "parky-ops doctor" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops doctor format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops doctor color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops doctor fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops health format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops health color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops health fail_on" [] {
    [ "yellow" ]
  }

  # Probe the hosts: DNS, TCP, TLS and first-byte times, certificate expiry
  export extern "parky-ops health" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops health format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops health color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops health fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    ...hosts: string          # Hosts of the configuration, by name or a part of it [default: all of the environment]
  ]

  def "nu-complete parky-ops help format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops help color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops help fail_on" [] {
    [ "yellow" ]
  }

  # Explain a topic (exit-codes, reasons, environment, config) or a command
  export extern "parky-ops help" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops help format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops help color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops help fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    ...words: string          # A topic, or the words of a command
  ]

  def "nu-complete parky-ops man format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops man color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops man fail_on" [] {
    [ "yellow" ]
  }

  # Write the manual pages, one for each command
  export extern "parky-ops man" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops man format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops man color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops man fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    directory: path           # Folder for the pages; made where it is missing
  ]

  def "nu-complete parky-ops sandbox format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops sandbox color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops sandbox fail_on" [] {
    [ "yellow" ]
  }

  # Stand-ins for every service, for trying out, drills and tests
  export extern "parky-ops sandbox" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops sandbox format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops sandbox color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops sandbox fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops sandbox scenarios format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops sandbox scenarios color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops sandbox scenarios fail_on" [] {
    [ "yellow" ]
  }

  # List the scenarios
  export extern "parky-ops sandbox scenarios" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops sandbox scenarios format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops sandbox scenarios color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops sandbox scenarios fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops sandbox up format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops sandbox up color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops sandbox up fail_on" [] {
    [ "yellow" ]
  }

  # Keep a sandbox running until Ctrl-C
  export extern "parky-ops sandbox up" [
    --scenario: string        # What has gone wrong [default: bad-deploy]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops sandbox up format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops sandbox up color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops sandbox up fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    directory: path           # Where its configuration and state are kept; a new or empty directory, or one of an earlier sandbox
  ]

  def "nu-complete parky-ops smoke require" [] {
    [ "hosts" "certificates" "workers" "database" "connections" "locks" "dlq" "vendors" "config" "credentials" "tokens" ]
  }

  def "nu-complete parky-ops smoke format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops smoke color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops smoke fail_on" [] {
    [ "yellow" ]
  }

  # Ask whether what a pipeline stands on works: the CI step
  export extern "parky-ops smoke" [
    --require: string@"nu-complete parky-ops smoke require" # Fail where something of this source is skipped; may be given several times
    --junit: path             # Write a JUnit report to this file
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops smoke format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops smoke color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops smoke fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops triage symptom" [] {
    [ "outage" "partial" "latency" "error-rate" ]
  }

  def "nu-complete parky-ops triage only" [] {
    [ "hosts" "certificates" "workers" "database" "connections" "locks" "dlq" "vendors" ]
  }

  def "nu-complete parky-ops triage skip" [] {
    [ "hosts" "certificates" "workers" "database" "connections" "locks" "dlq" "vendors" ]
  }

  def "nu-complete parky-ops triage lang" [] {
    [ "ja" "en" ]
  }

  def "nu-complete parky-ops triage format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops triage color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops triage fail_on" [] {
    [ "yellow" ]
  }

  # Ask everything at once: what is broken, since when, why, who knows, what next
  export extern "parky-ops triage" [
    --host: string            # The host that is affected, as named in the configuration
    --symptom: string@"nu-complete parky-ops triage symptom" # What it looks like from outside
    --started: string         # When it started: 2h (ago), 03:12 (JST) or RFC 3339 [default: from the signs]
    --prod-impact: string     # Are users of production hit? yes, no or unknown
    --full-outage             # Production is fully down
    --payment                 # Payments fail
    --data-loss               # Data is lost or damaged
    --security                # Security is affected
    --dev-only                # Only dev, or only monitoring, is affected
    --only: string@"nu-complete parky-ops triage only" # Ask only these sources
    --skip: string@"nu-complete parky-ops triage skip" # Leave these sources out
    --markdown                # Print Markdown for the incident thread
    --lang: string@"nu-complete parky-ops triage lang" # Language of the Markdown [default: lang of the configuration]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops triage format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops triage color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops triage fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

}

export use completions *
