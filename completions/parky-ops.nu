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

  def "nu-complete parky-ops db format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db fail_on" [] {
    [ "yellow" ]
  }

  # First aid for the database: who blocks whom, what runs, who holds the connections
  export extern "parky-ops db" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops db connections format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db connections color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db connections fail_on" [] {
    [ "yellow" ]
  }

  # Count the connections against the limit, by role, application and state
  export extern "parky-ops db connections" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db connections format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db connections color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db connections fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops db health format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db health color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db health fail_on" [] {
    [ "yellow" ]
  }

  # Check connect, query, read-only mode, long statements, slots, transaction ids, connections, locks
  export extern "parky-ops db health" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db health format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db health color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db health fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops db kill format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db kill color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db kill fail_on" [] {
    [ "yellow" ]
  }

  # Cancel the statement of a session, or terminate the session
  export extern "parky-ops db kill" [
    --terminate               # End the session, not only its statement
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db kill format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db kill color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db kill fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    pid: string               # The session's process id, as `db locks` shows it
  ]

  def "nu-complete parky-ops db locks format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db locks color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db locks fail_on" [] {
    [ "yellow" ]
  }

  # Show the sessions that block others, with the session at the root of each queue
  export extern "parky-ops db locks" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db locks format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db locks color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db locks fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops db migrations format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db migrations color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db migrations fail_on" [] {
    [ "yellow" ]
  }

  # List the newest migrations of the database
  export extern "parky-ops db migrations" [
    --limit: string           # Show so many
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db migrations format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db migrations color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db migrations fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops db ping format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db ping color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db ping fail_on" [] {
    [ "yellow" ]
  }

  # Connect, and time SELECT 1
  export extern "parky-ops db ping" [
    --count: string           # Ask so often on the one connection, and judge the median
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db ping format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db ping color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db ping fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops db queries format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops db queries color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops db queries fail_on" [] {
    [ "yellow" ]
  }

  # Show long statements and open transactions, and the most expensive statements where pg_stat_statements counts them
  export extern "parky-ops db queries" [
    --longer-than: string     # Only what has lasted so long
    --limit: string           # Show so many of each kind
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops db queries format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops db queries color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops db queries fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq fail_on" [] {
    [ "yellow" ]
  }

  # List, explain and deliver the alerts that Discord did not take
  export extern "parky-ops dlq" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops dlq digest format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq digest color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq digest fail_on" [] {
    [ "yellow" ]
  }

  # Tell many rows in a few messages instead of sending each
  export extern "parky-ops dlq digest" [
    --id: string              # This row, whatever its time; may be repeated; - reads ids from stdin, one a line
    --severity: string        # Severity: P0 to P3, or SEV1 to SEV3; may be repeated
    --channel: string         # Channel, with or without #; may be repeated
    --since: string           # From: 2h (ago), 03:12 (JST) or RFC 3339 [default: 24h]
    --until: string           # Until, exclusive: the same forms [default: now]
    --status-class: string    # What Discord answered: 429, 5xx, 4xx or none; may be repeated
    --http-status: string     # The very HTTP status that Discord answered; may be repeated
    --state: string           # State: open, unsure, delivered, … or a word of the table's status; may be repeated
    --title: string           # Part of the title, whatever the case
    --fingerprint: string     # Fingerprint of the payload, or its first signs
    --no-fallback             # Only P0 of which nobody was told by mail either
    --weekly                  # The Monday digest: P3 of the last 7 days, to #p3-insights
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq digest format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq digest color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq digest fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq discard format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq discard color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq discard fail_on" [] {
    [ "yellow" ]
  }

  # Settle rows with a reason, without sending them
  export extern "parky-ops dlq discard" [
    --id: string              # This row, whatever its time; may be repeated; - reads ids from stdin, one a line
    --severity: string        # Severity: P0 to P3, or SEV1 to SEV3; may be repeated
    --channel: string         # Channel, with or without #; may be repeated
    --since: string           # From: 2h (ago), 03:12 (JST) or RFC 3339 [default: 24h]
    --until: string           # Until, exclusive: the same forms [default: now]
    --status-class: string    # What Discord answered: 429, 5xx, 4xx or none; may be repeated
    --http-status: string     # The very HTTP status that Discord answered; may be repeated
    --state: string           # State: open, unsure, delivered, … or a word of the table's status; may be repeated
    --title: string           # Part of the title, whatever the case
    --fingerprint: string     # Fingerprint of the payload, or its first signs
    --no-fallback             # Only P0 of which nobody was told by mail either
    --older: string           # Rows older than this, such as 90d
    --reason: string          # Why; it is kept with each row
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq discard format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq discard color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq discard fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq init format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq init color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq init fail_on" [] {
    [ "yellow" ]
  }

  # Make the schema parky_ops, in which any number of responders replay at once
  export extern "parky-ops dlq init" [
    --print                   # Print the SQL and change nothing
    --grant: string           # A role that may replay; may be repeated
    --delivered-status: string # The word that a delivered row of the table gets
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq init format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq init color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq init fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq list format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq list color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq list fail_on" [] {
    [ "yellow" ]
  }

  # List the alerts that Discord did not take, newest first
  export extern "parky-ops dlq list" [
    --id: string              # This row, whatever its time; may be repeated; - reads ids from stdin, one a line
    --severity: string        # Severity: P0 to P3, or SEV1 to SEV3; may be repeated
    --channel: string         # Channel, with or without #; may be repeated
    --since: string           # From: 2h (ago), 03:12 (JST) or RFC 3339 [default: 24h]
    --until: string           # Until, exclusive: the same forms [default: now]
    --status-class: string    # What Discord answered: 429, 5xx, 4xx or none; may be repeated
    --http-status: string     # The very HTTP status that Discord answered; may be repeated
    --state: string           # State: open, unsure, delivered, … or a word of the table's status; may be repeated
    --title: string           # Part of the title, whatever the case
    --fingerprint: string     # Fingerprint of the payload, or its first signs
    --no-fallback             # Only P0 of which nobody was told by mail either
    --limit: string           # Stop after so many rows, or all
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq list format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq list color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq list fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq p0 format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq p0 color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq p0 fail_on" [] {
    [ "yellow" ]
  }

  # Tell every open P0, those first of which nobody was told by mail either
  export extern "parky-ops dlq p0" [
    --limit: string           # Show so many rows; all are counted
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq p0 format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq p0 color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq p0 fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq replay rate" [] {
    [ "polite" "full" ]
  }

  def "nu-complete parky-ops dlq replay ping" [] {
    [ "none" "original" "force" ]
  }

  def "nu-complete parky-ops dlq replay format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq replay color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq replay fail_on" [] {
    [ "yellow" ]
  }

  # Deliver dead letters: plan, consent, run, summary
  export extern "parky-ops dlq replay" [
    --id: string              # This row, whatever its time; may be repeated; - reads ids from stdin, one a line
    --severity: string        # Severity: P0 to P3, or SEV1 to SEV3; may be repeated
    --channel: string         # Channel, with or without #; may be repeated
    --since: string           # From: 2h (ago), 03:12 (JST) or RFC 3339 [default: 24h]
    --until: string           # Until, exclusive: the same forms [default: now]
    --status-class: string    # What Discord answered: 429, 5xx, 4xx or none; may be repeated
    --http-status: string     # The very HTTP status that Discord answered; may be repeated
    --state: string           # State: open, unsure, delivered, … or a word of the table's status; may be repeated
    --title: string           # Part of the title, whatever the case
    --fingerprint: string     # Fingerprint of the payload, or its first signs
    --no-fallback             # Only P0 of which nobody was told by mail either
    --limit: string           # At most so many rows, the oldest first
    --rate: string@"nu-complete parky-ops dlq replay rate" # How much of Discord's limits to use; P0 channels may use all of it
    --ping: string@"nu-complete parky-ops dlq replay ping" # Whom to ping: nobody, whom a fresh P0 asks for that reached nobody, or whom each asks for
    --verbatim                # Send payloads unchanged but for their mentions
    --older                   # Rows of one to seven days too
    --include-maybe           # Rows too that may have arrived at first
    --force-duplicate         # Rows too whose equal was delivered
    --resend-unsure           # Rows too of which our own attempt may have arrived
    --no-wait                 # Leave channels to which somebody else replays
    --plan: string            # Only if the plan still is the one of this id
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq replay format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq replay color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq replay fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq resolve format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq resolve color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq resolve fail_on" [] {
    [ "yellow" ]
  }

  # Say of a row in doubt whether it was delivered
  export extern "parky-ops dlq resolve" [
    --delivered: string       # It stands in the channel, as this message (its id, or the pasted link)
    --not-delivered           # It does not stand in the channel
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq resolve format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq resolve color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq resolve fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    id: string                # Its key, as 'dlq unsure' shows it
  ]

  def "nu-complete parky-ops dlq runs format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq runs color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq runs fail_on" [] {
    [ "yellow" ]
  }

  # Show the newest replays: who, since when, how far
  export extern "parky-ops dlq runs" [
    --limit: string           # At most so many
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq runs format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq runs color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq runs fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops dlq show format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq show color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq show fail_on" [] {
    [ "yellow" ]
  }

  # Show one alert that Discord did not take, and what a replay would do with it
  export extern "parky-ops dlq show" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq show format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq show color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq show fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    id: string                # Its key, as 'dlq list' shows it
  ]

  def "nu-complete parky-ops dlq stats format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq stats color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq stats fail_on" [] {
    [ "yellow" ]
  }

  # Count the alerts that Discord did not take: by its answer, by channel, over time
  export extern "parky-ops dlq stats" [
    --since: string           # From: 2h (ago), 03:12 (JST) or RFC 3339 [default: 24h]
    --until: string           # Until, exclusive: the same forms [default: now]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq stats format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq stats color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq stats fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops dlq unsure format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops dlq unsure color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops dlq unsure fail_on" [] {
    [ "yellow" ]
  }

  # Show what may or may not have arrived, where to look, and what to type then
  export extern "parky-ops dlq unsure" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops dlq unsure format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops dlq unsure color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops dlq unsure fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
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

  def "nu-complete parky-ops pages format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops pages color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops pages fail_on" [] {
    [ "yellow" ]
  }

  # Pages projects: what production serves, deployments, build logs
  export extern "parky-ops pages" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops pages format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops pages color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops pages fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops pages list format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops pages list color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops pages list fail_on" [] {
    [ "yellow" ]
  }

  # List the Pages projects: what production serves, and the newest deployment
  export extern "parky-ops pages list" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops pages list format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops pages list color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops pages list fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops pages show format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops pages show color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops pages show fail_on" [] {
    [ "yellow" ]
  }

  # Show what production serves of a project, and its newest deployments
  export extern "parky-ops pages show" [
    --limit: string           # Stop after this many deployments
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops pages show format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops pages show color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops pages show fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    project: string           # The project
  ]

  def "nu-complete parky-ops pages logs format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops pages logs color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops pages logs fail_on" [] {
    [ "yellow" ]
  }

  # Show the log of a build
  export extern "parky-ops pages logs" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops pages logs format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops pages logs color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops pages logs fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    project: string           # The project
    deployment?: string       # The deployment: an id, its first 8 characters, or an address [default: the newest]
  ]

  def "nu-complete parky-ops rollback format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops rollback color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops rollback fail_on" [] {
    [ "yellow" ]
  }

  # Put an earlier version back, and show that it serves
  export extern "parky-ops rollback" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops rollback format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops rollback color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops rollback fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops rollback worker via" [] {
    [ "api" "script" ]
  }

  def "nu-complete parky-ops rollback worker lang" [] {
    [ "ja" "en" ]
  }

  def "nu-complete parky-ops rollback worker format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops rollback worker color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops rollback worker fail_on" [] {
    [ "yellow" ]
  }

  # Put an earlier version of a worker back
  export extern "parky-ops rollback worker" [
    --to: string              # Version: previous, @NUMBER, an id or its first 8 characters, or a dashboard address
    --abort-canary            # End a split: all traffic to the member that was live for all before it
    --force-secrets           # Go back although secrets have changed since; nothing else implies this
    --reason: string          # Why, for the message of the new deployment, the notice and the journal
    --verify: string          # Watch hosts and tail for so long afterwards; 0 for not at all
    --via: string@"nu-complete parky-ops rollback worker via" # How it is done: by Cloudflare's API, or by the script that the user file names
    --no-notify               # Tell no channel: otherwise prod is told in #p1-ops, every other environment in #p2-deploys
    --lang: string@"nu-complete parky-ops rollback worker lang" # Language of what the channel is told [default: lang of the configuration]
    --notify                  # Tell the channel with --via script too, which is left to the script otherwise
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops rollback worker format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops rollback worker color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops rollback worker fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    name: string              # The worker, by its name in the configuration or its script's
  ]

  def "nu-complete parky-ops rollback pages lang" [] {
    [ "ja" "en" ]
  }

  def "nu-complete parky-ops rollback pages format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops rollback pages color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops rollback pages fail_on" [] {
    [ "yellow" ]
  }

  # Let production serve an earlier build of a Pages project
  export extern "parky-ops rollback pages" [
    --to: string              # Deployment: previous, an id or its first 8 characters, or an address
    --verify: string          # Watch the project's hosts for so long afterwards; 0 for not at all
    --reason: string          # Why, for the notice and the journal
    --no-notify               # Tell no channel: otherwise prod is told in #p1-ops, every other environment in #p2-deploys
    --lang: string@"nu-complete parky-ops rollback pages lang" # Language of what the channel is told [default: lang of the configuration]
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops rollback pages format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops rollback pages color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops rollback pages fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    project: string           # The project
  ]

  def "nu-complete parky-ops rollback plan format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops rollback plan color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops rollback plan fail_on" [] {
    [ "yellow" ]
  }

  # Show where every worker and Pages project would go back to; changes nothing
  export extern "parky-ops rollback plan" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops rollback plan format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops rollback plan color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops rollback plan fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops rollback db format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops rollback db color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops rollback db fail_on" [] {
    [ "yellow" ]
  }

  # Show what a way back of the database would take; never runs SQL of it
  export extern "parky-ops rollback db" [
    --dir: path               # The checkout, or a directory in it [default: the working directory]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops rollback db format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops rollback db color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops rollback db fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops runs format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs fail_on" [] {
    [ "yellow" ]
  }

  # GitHub Actions: runs, logs, re-runs, approvals
  export extern "parky-ops runs" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops runs list status" [] {
    [ "queued" "in_progress" "requested" "pending" "waiting" "completed" "success" "failure" "cancelled" "timed_out" "action_required" "startup_failure" "neutral" "skipped" "stale" ]
  }

  def "nu-complete parky-ops runs list format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs list color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs list fail_on" [] {
    [ "yellow" ]
  }

  # List the newest runs
  export extern "parky-ops runs list" [
    --repo: string            # The repositories, as owner/name [default: $GH_REPO, the configuration, the checkout]
    --workflow: string        # Only this workflow: its file, name or id
    --branch: string          # Only this branch
    --status: string@"nu-complete parky-ops runs list status" # Only this status or conclusion
    --event: string           # Only runs that this triggered, such as push or schedule
    --actor: string           # Only runs that this person triggered
    --since: string           # Only runs since: 2h (ago), 03:12 (JST) or RFC 3339
    --limit: string           # Stop after this many runs
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs list format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs list color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs list fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops runs view format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs view color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs view fail_on" [] {
    [ "yellow" ]
  }

  # Show a run: its jobs, the failed steps and why, and who has to approve
  export extern "parky-ops runs view" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --attempt: string         # This attempt [default: the newest]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs view format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs view color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs view fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    run: string               # The run: its id, or its pasted address
  ]

  def "nu-complete parky-ops runs logs format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs logs color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs logs fail_on" [] {
    [ "yellow" ]
  }

  # Print logs: of the failed steps, or of everything
  export extern "parky-ops runs logs" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --failed                  # Only the failed steps [the default]
    --all                     # Every job and step
    --job: string             # Only this job: its id, its name or a part of it
    --step: string            # Only this step: its number, its name or a part of it
    --tail: string            # Only the last lines of each
    --full                    # Everything, on a terminal too
    --attempt: string         # This attempt [default: the newest]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs logs format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs logs color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs logs fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    run: string               # The run: its id, or its pasted address
  ]

  def "nu-complete parky-ops runs watch format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs watch color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs watch fail_on" [] {
    [ "yellow" ]
  }

  # Follow a run to its end
  export extern "parky-ops runs watch" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --fail-fast               # Stop at the first job that fails
    --wait-start: string      # Without a run: wait so long for one to start
    --commit: string          # Without a run: only runs of this commit, or of its first digits
    --branch: string          # Without a run: only runs of this branch
    --interval: string        # Between two looks
    --give-up: string         # Give up when GitHub could not be reached for so long
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs watch format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs watch color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs watch fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    run?: string              # The run: its id, or its pasted address [default: the newest that is not complete]
  ]

  def "nu-complete parky-ops runs rerun format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs rerun color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs rerun fail_on" [] {
    [ "yellow" ]
  }

  # Run a run again: all of it, its failed jobs, or one job
  export extern "parky-ops runs rerun" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --failed                  # Only the failed jobs and those that depend on them
    --job: string             # Only this job and those that depend on it: its id or its name
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs rerun format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs rerun color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs rerun fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    run: string               # The run: its id, or its pasted address
  ]

  def "nu-complete parky-ops runs cancel format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs cancel color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs cancel fail_on" [] {
    [ "yellow" ]
  }

  # Stop a run
  export extern "parky-ops runs cancel" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --force                   # Skip steps that insist on running; only where it does not stop otherwise
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs cancel format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs cancel color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs cancel fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    run: string               # The run: its id, or its pasted address
  ]

  def "nu-complete parky-ops runs approvals format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs approvals color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs approvals fail_on" [] {
    [ "yellow" ]
  }

  # Show what waits for somebody to approve it
  export extern "parky-ops runs approvals" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs approvals format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs approvals color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs approvals fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    run?: string              # The run: its id, or its pasted address [default: every run that waits]
  ]

  def "nu-complete parky-ops runs approve format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs approve color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs approve fail_on" [] {
    [ "yellow" ]
  }

  # Let a run go on that waits for an approval
  export extern "parky-ops runs approve" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --environment: string     # Only this environment; may be given several times [default: all that wait]
    --comment: string         # What to say about it
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs approve format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs approve color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs approve fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    run: string               # The run: its id, or its pasted address
  ]

  def "nu-complete parky-ops runs reject format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops runs reject color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops runs reject fail_on" [] {
    [ "yellow" ]
  }

  # Refuse a run that waits for an approval: it fails
  export extern "parky-ops runs reject" [
    --repo: string            # The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    --environment: string     # Only this environment; may be given several times [default: all that wait]
    --comment: string         # What to say about it
    --yes                     # Agree without being asked; a severe act wants its name besides
    --confirm: string         # Agree to a severe act by its name; may be given several times
    --dry-run                 # Show the plan and change nothing
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops runs reject format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops runs reject color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops runs reject fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    run: string               # The run: its id, or its pasted address
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

  def "nu-complete parky-ops severity format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops severity color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops severity fail_on" [] {
    [ "yellow" ]
  }

  # Decide how severe an incident is, and by when somebody has to react
  export extern "parky-ops severity" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops severity format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops severity color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops severity fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops severity decide format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops severity decide color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops severity decide fail_on" [] {
    [ "yellow" ]
  }

  # Decide by the runbook's table, with the questions that led there
  export extern "parky-ops severity decide" [
    --prod-impact: string     # Are users of production hit? yes, no or unknown
    --full-outage             # Production is fully down
    --payment                 # Payments fail
    --data-loss               # Data is lost or damaged
    --security                # Security is affected
    --dev-only                # Only dev, or only monitoring, is affected
    --started: string         # When it started: 2h (ago), 03:12 (JST) or RFC 3339 [default: now]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops severity decide format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops severity decide color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops severity decide fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete parky-ops severity explain format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops severity explain color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops severity explain fail_on" [] {
    [ "yellow" ]
  }

  # Explain the severities: meaning, channel, target, deadline, and the decision table
  export extern "parky-ops severity explain" [
    --started: string         # Reckon the deadlines from here: 2h (ago), 03:12 (JST) or RFC 3339 [default: now]
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops severity explain format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops severity explain color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops severity explain fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    severity?: string         # Only this one: SEV1 or P0, SEV2 or P1, SEV3 or P2
  ]

  def "nu-complete parky-ops smoke require" [] {
    [ "hosts" "certificates" "workers" "pages" "actions" "synthetic" "database" "connections" "locks" "dlq" "vendors" "config" "credentials" "tokens" ]
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

  def "nu-complete parky-ops tail format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops tail color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops tail fail_on" [] {
    [ "yellow" ]
  }

  # Follow the live logs of workers in one stream
  export extern "parky-ops tail" [
    --all                     # Every worker of the configuration
    --for: string             # End after this long
    --max-events: string      # End after so many events
    --until-error             # End after the first event in which something went wrong
    --summary: string         # Print rates, errors and durations each SPAN instead of lines
    --out: path               # Keep a redacted copy as NDJSON in FILE, which must be new
    --since-deploy            # Only the version of the newest deployment, and of each newer one
    --status: string          # Only what ended like this: ok, error, canceled, or one of Cloudflare's own words
    --method: string          # Only requests of this method; leaves out everything that is no request
    --header: string          # Only requests with this header, as NAME or NAME:TEXT
    --ip: string              # Only requests from this address; 'self' is this machine's
    --search: string          # Only what has TEXT in a console message
    --sampling-rate: string   # Only so large a share, between 0 and 1
    --version: string         # Only this version: its id, 8 or more signs of it, @NUMBER, or 'previous'
    --level: string           # Only what wrote a line of this level or above, or failed
    --trace: string           # Only what holds this id: a ray, a trace parent, a request's id
    --min-wall: string        # Only what took at least so long, such as 500ms
    --path: string            # Only requests to this path or below it; * stands for any signs
    --grep: string            # Only what has this pattern in its URL, log lines or exceptions
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops tail format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops tail color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops tail fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    ...workers: string        # Workers to follow
  ]

  def "nu-complete parky-ops triage symptom" [] {
    [ "outage" "partial" "latency" "error-rate" ]
  }

  def "nu-complete parky-ops triage only" [] {
    [ "hosts" "certificates" "workers" "pages" "actions" "synthetic" "database" "connections" "locks" "dlq" "vendors" ]
  }

  def "nu-complete parky-ops triage skip" [] {
    [ "hosts" "certificates" "workers" "pages" "actions" "synthetic" "database" "connections" "locks" "dlq" "vendors" ]
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
    --watch: string           # Ask again and again, print only what has changed, and ring the bell [default: every 30s]
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

  def "nu-complete parky-ops vendors format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops vendors color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops vendors fail_on" [] {
    [ "yellow" ]
  }

  # Read the status pages of what we stand on: the named components, and current incidents
  export extern "parky-ops vendors" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops vendors format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops vendors color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops vendors fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    ...vendors: string        # Vendors of the configuration [default: all]
  ]

  def "nu-complete parky-ops workers format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops workers color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops workers fail_on" [] {
    [ "yellow" ]
  }

  # What runs on Cloudflare: versions, deployments, splits
  export extern "parky-ops workers" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops workers format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops workers color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops workers fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
  ]

  def "nu-complete parky-ops workers list format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops workers list color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops workers list fail_on" [] {
    [ "yellow" ]
  }

  # List the workers: live version, split, age, author, and whether something newer waits
  export extern "parky-ops workers list" [
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops workers list format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops workers list color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops workers list fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    ...names: string          # Only these workers [default: all]
  ]

  def "nu-complete parky-ops workers show format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops workers show color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops workers show fail_on" [] {
    [ "yellow" ]
  }

  # Show what the live version of a worker stands on, or how two versions differ
  export extern "parky-ops workers show" [
    --diff: string            # How these two versions differ: previous, @NUMBER, an id or its first 8 characters
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops workers show format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops workers show color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops workers show fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help
    name: string              # The worker, by its name in the configuration or its script's
  ]

  def "nu-complete parky-ops workers deployments format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops workers deployments color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops workers deployments fail_on" [] {
    [ "yellow" ]
  }

  # List deployments, newest first
  export extern "parky-ops workers deployments" [
    --worker: string          # Only this worker; the same as NAME
    --limit: string           # Stop after this many
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops workers deployments format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops workers deployments color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops workers deployments fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    ...names: string          # Only these workers [default: all]
  ]

  def "nu-complete parky-ops workers versions format" [] {
    [ "text" "json" ]
  }

  def "nu-complete parky-ops workers versions color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete parky-ops workers versions fail_on" [] {
    [ "yellow" ]
  }

  # List the versions that can be deployed, newest first
  export extern "parky-ops workers versions" [
    --limit: string           # Stop after this many of each worker
    --env: string             # Environment to speak of [default: prod, or $PARKY_OPS_ENV]
    --config: path            # Configuration file instead of the usual one
    --format: string@"nu-complete parky-ops workers versions format" # How to print the answer
    --json                    # Short for --format json
    --color: string@"nu-complete parky-ops workers versions color" # When to use colour
    --no-input                # Never ask anything
    --timeout: string         # Deadline of the whole command, such as 15s or 2m
    --fail-on: string@"nu-complete parky-ops workers versions fail_on" # Exit 11 where the verdict is yellow
    --quiet(-q)               # Say only what was asked for
    --verbose(-v)             # Tell each green check too; twice: every request, without secrets, on stderr
    --sandbox: string         # Run against stand-ins for every service [scenario: bad-deploy]
    --help(-h)                # Print help (see more with '--help')
    ...names: string          # Only these workers [default: all]
  ]

}

export use completions *
