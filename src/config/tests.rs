//! What settings may be, and what is said of those that may not.

use super::*;
use crate::content::ids::BaseId;

fn read(toml: &str) -> Result<Config, String> {
    let figment = Figment::from(Toml::string(toml));
    Config::extract(&figment).map_err(|error| error.to_string())
}

#[test]
fn an_empty_file_gives_the_defaults() {
    assert_eq!(read("").unwrap(), Config::default());
}

#[test]
fn keys_set_what_they_name() {
    let config = read(
        r#"
        [airtable]
        base = "appRennes35238Bzh"
        requests_per_second = 2
        [http]
        listen = "0.0.0.0:80"
        [sync]
        cron = "0 0 * * * *"
        [tables.guides]
        name = "Parcours"
        fields.title = "Nom du parcours"
        "#,
    )
    .unwrap();
    assert_eq!(config.airtable.base.as_ref().map(BaseId::as_str), Some("appRennes35238Bzh"));
    assert_eq!(config.schedule(), Schedule::Cron("0 0 * * * *".to_owned()));
    assert_eq!(config.public_url().as_str(), "http://0.0.0.0/");
}

#[test]
fn nothing_stands_for_without() {
    let config = read("[sync]\nmonthly_calls = 0\n[store]\ndata_dir = ''").unwrap();
    assert_eq!((config.budget().monthly_calls, config.data_dir()), (None, None));
    let config = Config::default();
    assert_eq!((config.budget(), config.data_dir()), (Budget::default(), Some(Path::new("data"))));
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's own error, in its own test helper")]
fn errors_say_where_a_value_was_set() {
    figment::Jail::expect_with(|jail| {
        jail.create_file("bad.toml", "[http]\nlisten = 'here'")?;
        let error = Config::load(Some(Path::new("bad.toml"))).unwrap_err().to_string();
        assert!(error.contains("\"http.listen\"") && error.contains("bad.toml"), "{error}");

        jail.set_env("LOCADOCS_CONFIG", "bad.toml");
        jail.set_env("LOCADOCS_SYNC_EVERY_SECONDS", "60");
        assert_eq!(Config::load(None).unwrap().sync.every_seconds, 60);

        jail.set_env("LOCADOCS_SYNC_EVERY_SECONDS", "often");
        let error = Config::load(None).unwrap_err().to_string();
        assert!(error.contains("LOCADOCS_SYNC_EVERY_SECONDS"), "{error}");

        jail.set_env("LOCADOCS_SYNC_EVERY_SECONDS", "60");
        jail.set_env("LOCADOCS_AIRTABLE_TOKEN", "12345");
        assert!(!format!("{:?}", Config::load(None).unwrap()).contains("12345"));
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's own error, in its own test helper")]
fn a_variable_may_hold_a_list() {
    figment::Jail::expect_with(|jail| {
        jail.set_env("LOCADOCS_MEDIA_HOSTS", "[files.example.org, .example.net]");
        let downloads = Config::load(None).unwrap().downloads(Config::default().airtable.url);
        let hosts: Vec<_> = downloads.hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["files.example.org", ".example.net"]);
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "figment's own error, in its own test helper")]
fn limits_and_purges_take_their_secrets_from_variables() {
    figment::Jail::expect_with(|jail| {
        let config = Config::load(None).unwrap();
        let rate = config.limits().unwrap().rate.unwrap();
        assert_eq!((rate.interval.as_millis(), rate.burst.get()), (5, 2_000));
        assert!(config.purges().unwrap().is_none());

        jail.set_env("LOCADOCS_HTTP_RATE_LIMIT_PER_SECOND", "0");
        jail.set_env("LOCADOCS_HTTP_TRUSTED_PROXIES", "[10.0.0.0/8, 2001:db8::1]");
        jail.set_env("LOCADOCS_HTTP_API_KEYS", "0123456789abcdef, fedcba9876543210");
        jail.set_env("LOCADOCS_PURGE_URLS", "[https://purge.example.org/hook?token=12345]");
        let config = Config::load(None).unwrap();
        let limits = config.limits().unwrap();
        assert_eq!((limits.rate, limits.proxies.trusted.len()), (None, 2));
        assert_eq!(format!("{:?}", limits.keys), "ApiKeys(2)");
        let error = config.purges().unwrap_err().to_string();
        assert!(error.contains("LOCADOCS_PURGE_SECRET"), "{error}");

        jail.set_env("LOCADOCS_PURGE_SECRET", "whsec_c2hvcnQ=");
        let error = config.purges().unwrap_err().to_string();
        assert!(error.contains("LOCADOCS_PURGE_SECRET") && !error.contains("c2hv"), "{error}");
        jail.set_env("LOCADOCS_PURGE_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(config.purges().unwrap().unwrap().urls.len(), 1);

        jail.set_env("LOCADOCS_HTTP_API_KEYS", "guessme");
        let error = config.limits().unwrap_err().to_string();
        assert!(error.contains("16 characters") && !error.contains("guessme"), "{error}");
        Ok(())
    });
}

#[test]
fn errors_name_the_key_and_what_is_expected() {
    for (toml, expected) in [
        ("[airtable]\ntoken = 'x'", &["unknown field", "token", "airtable"][..]),
        ("[airtabel]", &["airtabel", "airtable"]),
        ("[airtable]\nbase = 'tbl1'", &["airtable.base", "tbl1", "a base id such as"]),
        ("[airtable]\nrequests_per_second = 0", &["airtable.requests_per_second", "0", "1 to 5"]),
        ("[airtable]\nrequests_per_second = -1", &["airtable.requests_per_second", "-1"]),
        ("[airtable]\nrequests_per_second = 9", &["airtable.requests_per_second", "1 to 5"]),
        ("[http]\nlisten = 'here'", &["http.listen", "here"]),
        ("[http]\nmax_age_seconds = -1", &["http.max_age_seconds", "-1"]),
        ("[http]\nmax_age_seconds = 40000000", &["http.max_age_seconds", "0 to a year"]),
        (
            "[http]\nstale_if_error_seconds = 40000000",
            &["http.stale_if_error_seconds", "0 to a year"],
        ),
        ("[http]\nrate_limit_burst = -1", &["http.rate_limit_burst", "-1"]),
        ("[http]\ntrusted_proxies = ['proxy']", &["http.trusted_proxies", "proxy", "10.0.0.0/8"]),
        ("[http]\nforwarded_header = 'x'", &["http.forwarded_header", "x", "x-forwarded-for"]),
        ("[http]\napi_keys = ['secret']", &["unknown field", "api_keys"]),
        ("[purge]\nurls = ['ftp://x.org']", &["purge.urls", "ftp", "https"]),
        ("[purge]\nsecret = 'x'", &["unknown field", "secret"]),
        ("[sync]\nevery_seconds = -1", &["sync.every_seconds", "-1"]),
        ("[sync]\nevery_seconds = 0", &["sync.every_seconds", "0", "1 second"]),
        ("[sync]\ncron = 'hourly'", &["sync.cron", "hourly", "six fields"]),
        ("[sync]\nfull_cron = 'daily'", &["sync.full_cron", "daily", "six fields"]),
        ("[sync]\nfull_every_hours = 0", &["sync.full_every_hours", "0", "1 hour"]),
        ("[sync]\nreserve_percent = 91", &["sync.reserve_percent", "91", "0 to 90"]),
        ("[sync]\nmonthly_calls = -1", &["sync.monthly_calls", "-1"]),
        ("[store]\nreleases = 0", &["store.releases", "0", "1 to 1,000"]),
        ("[media]\nhosts = ['https://x.org']", &["media.hosts", "https://x.org", "a host such as"]),
        ("[media]\nmax_bytes = 0", &["media.max_bytes", "0", "1 to 1,000,000,000"]),
        ("[media]\ngrace_days = 0", &["media.grace_days", "0", "1 to 3,650"]),
        ("[log]\nformat = 'xml'", &["log.format", "xml", "json"]),
        ("[tables.guide]", &["guide", "guides"]),
        ("[tables.guides.fields]\ncall_number = 'x'", &["tables.guides.fields", "call_number"]),
    ] {
        let error = read(toml).unwrap_err();
        for word in expected {
            assert!(error.contains(word), "{toml}: {error:?} does not say {word:?}");
        }
    }
}
