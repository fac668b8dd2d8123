//! What settings are taken, and what is refused with which name.

use super::*;

fn read(environment: &[(&str, &str)], file: Option<&str>) -> Result<Config, Error> {
    Config::read(environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(), file)
}

fn refused(environment: &[(&str, &str)], file: Option<&str>) -> String {
    read(environment, file).map_or_else(|e| e.to_string(), |_| "nothing was refused".to_owned())
}

const HEX: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[test]
fn without_settings_it_runs_embedded_on_loopback_with_the_demo() -> Result<(), Error> {
    let config = read(&[], None)?;
    assert!(matches!(config.database, Database::Embedded { .. }));
    assert!(
        config.address.ip().is_loopback() && config.demo && config.rules.sample_data && !config.rules.secure_cookies
    );
    // The demo account operates what is tried out, and nothing else.
    let operators = |settings| Ok::<_, Error>(read(settings, None)?.rules.operators);
    assert_eq!(Ok(operators(&[])?), demo::EMAIL.parse());
    assert_eq!(operators(&[("HYVVE_DEMO", "false")])?, Operators::default());
    assert_eq!(Ok(operators(&[("HYVVE_OPERATORS", "ada@example.com")])?), "ada@example.com".parse());
    Ok(())
}

#[test]
fn nobody_but_this_machine_is_offered_the_demo() -> Result<(), Error> {
    for (settings, offered) in [
        (&[("HYVVE_PUBLIC_URL", "http://localhost:3000")][..], true),
        (&[("HYVVE_PUBLIC_URL", "http://[::1]:3000")], true),
        // Behind a proxy on the same machine.
        (&[("HYVVE_PUBLIC_URL", "https://hyvve.example")], false),
        (&[("HYVVE_PUBLIC_URL", "https://localhost.hyvve.example:8443")], false),
        (&[("HYVVE_TRUSTED_PROXIES", "127.0.0.1")], false),
        (&[("HYVVE_TRUSTED_PROXIES", "127.0.0.1"), ("HYVVE_DEMO", "true")], true),
    ] {
        let config = read(settings, None)?;
        assert_eq!(config.demo, offered, "{settings:?}");
        assert_eq!(
            config.rules.operators == Operators::default(),
            !offered,
            "nobody operates it unasked: {settings:?}"
        );
    }
    Ok(())
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_defaults() -> Result<(), Error> {
    let file = Some("[hyvve]\naddress = \"127.0.0.1:4000\"\nundo_seconds = 9\nsign_up = false\n");
    let config = read(&[("HYVVE_ADDRESS", "127.0.0.1:5000")], file)?;
    assert_eq!(config.address.port(), 5000);
    assert_eq!(config.rules.undo, Duration::from_secs(9));
    assert!(!config.rules.sign_up);
    Ok(())
}

#[test]
fn unknown_keys_and_bad_values_are_refused_with_their_name() {
    for (environment, file, name) in [
        (&[("HYVVE_ADRESS", "127.0.0.1:1")][..], None, "HYVVE_ADRESS: is not known"),
        (&[("HYVVE_ADDRESS", "here")], None, "HYVVE_ADDRESS: \"here\""),
        (&[("HYVVE_PUBLIC_URL", "https://a.example/path")], None, "HYVVE_PUBLIC_URL"),
        (&[("HYVVE_SIGN_UP", "maybe")], None, "HYVVE_SIGN_UP"),
        (&[("HYVVE_VERIFY_EMAIL", "true")], None, "verify_email: without mail"),
        (&[("HYVVE_ACCESS_TOKEN_SECONDS", "3601")], None, "access_token_seconds: 3601"),
        (&[("HYVVE_SIGNING_KEY_SECONDS", "900")], None, "signing_lead_seconds: "),
        (&[("HYVVE_CRASH_AT", "nowhere")], None, "HYVVE_CRASH_AT"),
        (&[("HYVVE_LIMIT_SIGN_IN", "5 in a while")], None, "HYVVE_LIMIT_SIGN_IN: \"5 in a while\""),
        (&[("HYVVE_TRUSTED_PROXIES", "10.0.0.0/33")], None, "HYVVE_TRUSTED_PROXIES: \"10.0.0.0/33\""),
        (&[("HYVVE_AGENTOS_ORIGINS", "*")], None, "HYVVE_AGENTOS_ORIGINS: \"*\""),
        (
            &[],
            Some("[hyvve]\nagentos_origins = \"https://a.example/ui\"\n"),
            "agentos_origins: \"https://a.example/ui\"",
        ),
        (&[("HYVVE_OPERATORS", "ada@example.com, grace")], None, "HYVVE_OPERATORS: "),
        (&[("REDIS_URL", "localhost:6379")], None, "REDIS_URL: it should look like"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://a:1")], None, "OTEL_EXPORTER_OTLP_ENDPOINT: \"grpc://a:1\""),
        (&[], Some("[hyvve]\nredis_url = \"redis://\"\n"), "redis_url: is a secret"),
        (&[], Some("[hyvve]\ncolour = \"red\"\n"), "colour: is not known"),
        (&[], Some("[hyvve]\nundo_seconds = 6000\n"), "undo_seconds: 6000"),
        (&[], Some("[hyvve]\nundo_seconds = [1]\n"), "undo_seconds: cannot be array"),
        (&[], Some("[hyve]\n"), "hyve: is not known"),
        (&[], Some("[hyvve]\ndatabase_url = \"postgres://\"\n"), "database_url: is a secret"),
        (&[], Some("[hyvve\n"), "Leptos.toml: not TOML"),
        (&[("GOOGLE_CLIENT_ID", "x")], None, "GOOGLE_CLIENT_SECRET: missing"),
        (&[("GOOGLE_CLIENT_SECRET", "x")], None, "GOOGLE_CLIENT_ID: missing"),
        (&[("HYVVE_OPENID", "Corp")], None, "openid: \"Corp\" is no id"),
        (&[("HYVVE_OPENID", "corp")], None, "openid_corp_issuer: missing"),
        (&[("HYVVE_OPENID_CORP_ISSUER", "https://id.example")], None, "HYVVE_OPENID_CORP_ISSUER: is not known"),
        (
            &[("HYVVE_OPENID", "corp"), ("HYVVE_OPENID_CORP_ISSUER", "http://id.example")],
            None,
            "HYVVE_OPENID_CORP_ISSUER: \"http://id.example\" cannot be used: it should look like https://",
        ),
        (
            &[("HYVVE_OPENID", "google"), ("GOOGLE_CLIENT_ID", "x"), ("GOOGLE_CLIENT_SECRET", "x")],
            None,
            "openid: \"google\" is set up twice",
        ),
        (&[], Some("[hyvve]\ngoogle_client_secret = \"x\"\n"), "google_client_secret: is a secret"),
        (&[("HYVVE_ADDRESS", "0.0.0.0:3000")], None, "demo: its password is known"),
        (
            &[("HYVVE_PUBLIC_URL", "https://hyvve.example"), ("HYVVE_DEMO", "true")],
            None,
            "demo: its password is known, so it cannot be offered on https://hyvve.example",
        ),
    ] {
        let said = refused(environment, file);
        assert!(said.starts_with(name), "{said:?} does not start with {name:?}");
    }
}

#[test]
fn with_a_database_of_its_own_every_missing_secret_is_named_and_none_is_shown() {
    let said = refused(&[("DATABASE_URL", "postgres://app:canary@db/hyvve"), ("ENCRYPTION_KEY", HEX)], None);
    assert!(said.starts_with("DATABASE_SYSTEM_URL, HYVVE_AUDIT_KEY: missing"), "{said}");
    let said = refused(&[("ENCRYPTION_KEY", "canary")], None);
    assert!(said.starts_with("ENCRYPTION_KEY: a key is 64") && !said.contains("canary"), "{said}");
}

#[test]
fn keys_rotate_by_number() -> Result<(), Error> {
    let other = HEX.replace("00", "ff");
    let keys = format!("2:{other}, 1:{HEX}");
    let config = read(
        &[
            ("DATABASE_URL", "postgres://app@db/hyvve"),
            ("DATABASE_SYSTEM_URL", "postgres://system@db/hyvve"),
            ("ENCRYPTION_KEYS", keys.as_str()),
            ("HYVVE_AUDIT_KEY", HEX),
        ],
        None,
    )?;
    let Database::Given { encryption, .. } = config.database else { return Err(Error::new("database", "not given")) };
    assert_eq!(encryption.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 1]);
    assert!(!config.demo && !config.rules.sample_data);
    Ok(())
}

#[test]
fn providers_are_set_up_by_id_and_their_secrets_are_not_shown() -> Result<(), Error> {
    let file = "[hyvve]\nopenid = \"corp, partner\"\nopenid_corp_name = \"The Company\"
        openid_corp_issuer = \"https://id.example/realms/a\"\nopenid_corp_client_id = \"hyvve\"
        openid_partner_issuer = \"http://127.0.0.1:9\"\nopenid_partner_client_id = \"p\"
        openid_partner_scopes = \"openid email groups\"";
    let environment =
        [("HYVVE_OPENID_CORP_CLIENT_SECRET", "canary"), ("GOOGLE_CLIENT_ID", "g"), ("GOOGLE_CLIENT_SECRET", "canary")];
    let all = read(&environment, Some(file))?.rules.openid;
    let facts: Vec<_> = all.iter().map(|p| (p.id.as_str(), p.name.as_str(), p.issuer.as_str())).collect();
    assert_eq!(
        facts,
        [
            ("google", "Google", "https://accounts.google.com"),
            ("corp", "The Company", "https://id.example/realms/a"),
            ("partner", "partner", "http://127.0.0.1:9"),
        ]
    );
    assert_eq!(all[2].scopes, ["email", "groups"]);
    assert!(all[1].client_secret.is_some() && all[2].client_secret.is_none());
    assert!(!format!("{all:?}").contains("canary"));
    let open = [("HYVVE_ADDRESS", "0.0.0.0:3000"), ("HYVVE_DEMO", "false")];
    let said = refused(&[environment.as_slice(), &open].concat(), Some(file));
    assert!(said.starts_with("public_url: missing"), "{said}");
    Ok(())
}

#[test]
fn workspaces_reach_no_private_host_that_the_settings_do_not_name() -> Result<(), Error> {
    let allowed = |c: Config| format!("{:?}", c.rules.allowed_hosts);
    assert_eq!(allowed(read(&[], None)?), "AllowedHosts([])");
    let hosts = allowed(read(&[("HYVVE_ALLOWED_HOSTS", "localhost:11434, 10.0.0.5")], None)?);
    assert!(hosts.contains("localhost") && hosts.contains("11434") && hosts.contains("10.0.0.5"), "{hosts}");
    for bad in ["169.254.169.254", "http://localhost", "10.0.0.0/8"] {
        let said = refused(&[("HYVVE_ALLOWED_HOSTS", bad)], None);
        assert!(said.starts_with("HYVVE_ALLOWED_HOSTS: "), "{said}");
    }
    Ok(())
}

/// A commented line `# key = value` of the shipped file is a setting with its default; with one more space, an example.
#[test]
fn the_shipped_file_lists_settings_that_exist_with_their_defaults() -> Result<(), Error> {
    let shipped = include_str!("../../../Leptos.toml");
    let lines = |start: &str| {
        let settings = shipped
            .lines()
            .filter_map(|line| line.strip_prefix(start))
            .filter(|s| s.contains(" = ") && !s.starts_with(' '));
        format!("[hyvve]\n{}", settings.collect::<Vec<_>>().join("\n"))
    };
    let summary =
        |c: Config| format!("{:?}", (c.address, c.public_url, c.data_dir, c.demo, c.logs.filter, c.site, c.rules));
    assert!(lines("# ").lines().count() > 10);
    assert_eq!(summary(read(&[], Some(&lines("# ")))?), summary(read(&[], Some(shipped))?));
    read(&[("GOOGLE_CLIENT_SECRET", "x")], Some(&lines("#  "))).map(drop)
}

/// Whatever is asked for stands in the shipped file, and whatever stands there is asked for.
#[test]
fn the_shipped_file_lists_every_setting_and_no_other() -> Result<(), Error> {
    let shipped = include_str!("../../../Leptos.toml");
    let is_key = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let listed: Vec<&str> = shipped
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.trim_start().split_once(" = "))
        .map(|(key, _)| key)
        .filter(is_key)
        .collect();
    let company = [("ISSUER", "https://login.example.com"), ("CLIENT_ID", "hyvve")];
    let company = company.map(|(what, value)| (format!("HYVVE_OPENID_COMPANY_{what}"), value.to_owned()));
    let environment = [("HYVVE_OPENID".to_owned(), "company".to_owned())].into_iter().chain(company).collect();
    let mut source = Source::new(environment, None)?;
    Config::of(&mut source)?;
    let known = source.known();
    assert!(listed.len() > 40 && known.len() > listed.len(), "{listed:?}");

    let name = |key: &str| format!("HYVVE_{}", key.to_uppercase());
    let nobody_asks: Vec<_> = listed.iter().filter(|key| !known.contains(&name(key))).collect();
    assert!(nobody_asks.is_empty(), "{nobody_asks:?}");
    // A test kills servers with the one; the other is the same as the name without a prefix.
    let untold = ["HYVVE_CRASH_AT", "HYVVE_GOOGLE_CLIENT_SECRET"];
    let is_told = |known: &str| {
        listed.iter().any(|key| name(key) == known) || shipped.contains(&known.replace("COMPANY", "<ID>"))
    };
    let missing: Vec<_> = known.iter().filter(|known| !untold.contains(&known.as_str()) && !is_told(known)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}
