//! The moment of a request: one publication and one instant, from which it is answered wholly.

use std::{fmt, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State as Shared},
    http::{HeaderValue, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;

use super::{
    State,
    problem::{Code, Problem},
};
use crate::{catalog::Release, sync::live::Publication};

/// The header that names the release an answer was drawn from.
pub const RELEASE_HEADER: &str = "x-release";

/// Where the time comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock of one's own.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(Utc::now)
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// What a request is answered from.
#[derive(Debug, Clone)]
pub struct Moment {
    /// What is public.
    pub publication: Arc<Publication>,
    /// When the request came.
    pub now: DateTime<Utc>,
}

impl Moment {
    /// The content.
    pub fn release(&self) -> &Release {
        &self.publication.release
    }

    /// The day of the request, in Paris.
    pub fn today(&self) -> NaiveDate {
        day_in_paris(self.now)
    }
}

/// The day in Paris at an instant.
pub fn day_in_paris(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&Paris).date_naive()
}

/// When a day starts in Paris. `None` at the end of the calendar only: clocks there change at two
/// in the morning, so that every midnight exists once.
pub fn start_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = Paris.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest()?;
    Some(midnight.to_utc())
}

/// When the day after starts in Paris.
pub fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    start_of_day(day.checked_add_days(Days::new(1))?)
}

/// Middleware: takes the current publication for the whole request, and names its release.
pub async fn attach(Shared(state): Shared<State>, mut request: Request, next: Next) -> Response {
    let Some(publication) = state.live.publication() else {
        return Problem::not_ready(state.settings.retry_after).into_response();
    };
    let name = HeaderValue::from_str(publication.release.id().as_str()).ok();
    request.extensions_mut().insert(Moment { publication, now: state.clock.now() });
    let mut response = next.run(request).await;
    if let Some(name) = name {
        response.headers_mut().insert(RELEASE_HEADER, name);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Moment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::of(Code::NotReady))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_paris_in_winter_and_in_summer() {
        for (instant, day, ends) in [
            ("2026-01-31T22:59:59Z", "2026-01-31", "2026-01-31T23:00:00Z"),
            ("2026-01-31T23:00:00Z", "2026-02-01", "2026-02-01T23:00:00Z"),
            ("2026-07-13T21:59:59Z", "2026-07-13", "2026-07-13T22:00:00Z"),
            ("2026-07-13T22:00:00Z", "2026-07-14", "2026-07-14T22:00:00Z"),
            ("2026-03-29T00:30:00Z", "2026-03-29", "2026-03-29T22:00:00Z"),
            ("2026-10-25T00:30:00Z", "2026-10-25", "2026-10-25T23:00:00Z"),
        ] {
            let found = day_in_paris(instant.parse().unwrap());
            assert_eq!(found.to_string(), day, "{instant}");
            assert_eq!(end_of_day(found), ends.parse().ok(), "{instant}");
        }
    }
}
