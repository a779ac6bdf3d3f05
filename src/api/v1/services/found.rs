//! A service on its way into a list: how far it is, and whether it is open.

use chrono::{DateTime, Utc};

use super::{
    opening::{AskedTime, Opening, locality},
    service::{DistanceFrom, Service},
};
use crate::{
    catalog::Release,
    content::{
        ids::Slug,
        opening::{self, State, When, opening},
        service,
    },
    position::Position,
    reference::Reference,
};

/// Where services are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Its centre.
    pub centre: Position,
    /// How far it reaches, in metres; everywhere when there is none.
    pub radius: Option<u32>,
}

/// A service that a list may show.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    service: &'a service::Service,
    distance: Option<(u32, DistanceFrom)>,
    opening: Option<opening::Opening>,
}

impl<'a> Found<'a> {
    /// `None` when the service is not in the area, or nobody knows where it is.
    pub fn new(
        service: &'a service::Service,
        area: Option<&Area>,
        reference: &Reference,
    ) -> Option<Self> {
        let found = Self { service, distance: None, opening: None };
        let Some(area) = area else { return Some(found) };
        let (position, from) = place(service, reference)?;
        let metres = area.centre.metres_to(position);
        let is_within = area.radius.is_none_or(|radius| metres <= radius);
        is_within.then_some(Self { distance: Some((metres, from)), ..found })
    }

    /// Looks whether it is open at a time, and notes in `seen` from when until when that holds.
    pub fn look(
        &mut self,
        when: When,
        reference: &Reference,
        seen: &mut Vec<(DateTime<Utc>, DateTime<Utc>)>,
    ) -> bool {
        let hours = self.service.hours.as_ref();
        let said = opening(hours, locality(self.service, reference), when);
        seen.push(said.validity());
        let is_open = said.state == State::Open;
        self.opening = Some(said);
        is_open
    }

    /// Its slug and its name.
    pub fn names(&self) -> (&Slug, &str) {
        (&self.service.slug, &self.service.name)
    }

    /// How far it is, in metres.
    pub fn metres(&self) -> u32 {
        self.distance.map_or(u32::MAX, |(metres, _)| metres)
    }

    /// As it is shown to someone who asked for `time`.
    pub fn into_service(
        self,
        time: Option<&AskedTime>,
        release: &Release,
        reference: &Reference,
    ) -> Service {
        let opening = self.opening.zip(time).map(|(opening, time)| Opening::new(opening, time));
        let service = Service::new(self.service, release, reference).with_opening(opening);
        match self.distance {
            Some((metres, from)) => service.at_distance(metres, from),
            None => service,
        }
    }
}

/// Where a service is: its own position, or else the centre of its commune.
fn place(service: &service::Service, reference: &Reference) -> Option<(Position, DistanceFrom)> {
    let own = service.position.map(|position| (position, DistanceFrom::Position));
    own.or_else(|| {
        let commune = reference.find(service.commune?)?.commune();
        Some((commune.centre?, DistanceFrom::Commune))
    })
}
