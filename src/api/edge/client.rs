//! Who asks: the address of the peer, or the one that a trusted proxy says it speaks for.
//!
//! Whoever may write the header of a proxy could pass for anyone, so it is believed from trusted
//! peers alone, and read from its end: each proxy adds the address that it saw after those that it
//! was told of.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

/// Someone to be counted: an IPv4 address, or the first 64 bits of an IPv6 one, of which a household
/// or an office has all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// An address.
    V4(Ipv4Addr),
    /// A network.
    V6([u16; 4]),
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                Self::V6([first, second, third, fourth])
            }
        }
    }
}

/// The header in which proxies say for whom they ask. Only one is read: a proxy that writes one
/// passes the other on as the client made it up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, as nearly all write it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies in front of the service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Those that are believed.
    pub trusted: Vec<IpNet>,
    /// Where they say for whom they ask.
    pub header: ForwardedHeader,
}

impl Proxies {
    /// Who asks; `None` when that can't be told, so that nobody is counted for others.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Client> {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            // Were it counted, one would answer for all who come through it.
            let is_unnamed_proxy = is_local(peer) && speaks_for_others(headers);
            return (!is_unnamed_proxy).then(|| peer.into());
        }
        // What stands before an address that can't be read was not written by a trusted proxy.
        let hops = self.hops(headers).map_while(address).map(|hop| hop.to_canonical());
        let mut strangers = hops.filter(|hop| !self.trusts(*hop));
        strangers.next().map(Client::from)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The addresses in the header, the nearest first, as they are written.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> + use<'a> {
        let (name, read): (_, fn(&str) -> &str) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, |element| element),
            ForwardedHeader::Forwarded => (header::FORWARDED, forwarded_for),
        };
        let lines = headers.get_all(name).into_iter().rev();
        // No address has a comma, so that a quote left open by a client hides none.
        lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(read)
    }
}

/// The node that an element of `Forwarded` names; empty if it names none.
fn forwarded_for(element: &str) -> &str {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    nodes.next().map_or("", |(_, node)| node)
}

/// An address as proxies write it: quoted or not, with a port or not.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

fn speaks_for_others(headers: &HeaderMap) -> bool {
    let names = [X_FORWARDED_FOR, header::FORWARDED, header::VIA];
    names.iter().any(|name| headers.contains_key(name))
}

/// Whether an address is of a network of one's own, where proxies stand.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardedHeader) -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"];
        Proxies { trusted: trusted.map(|net| net.parse().unwrap()).into(), header }
    }

    fn found(proxies: &Proxies, peer: &str, lines: &[(&'static str, &str)]) -> Option<Client> {
        let line = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        proxies.client(peer.parse().unwrap(), &lines.iter().map(line).collect())
    }

    fn client(address: &str) -> Client {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_client_is_an_address_or_a_network_of_ipv6() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8::1", "2001:db8::ffff:0:0:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            assert_eq!(client(one) == client(other), same, "{one} {other}");
        }
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_asks() {
        let proxies = proxies(ForwardedHeader::XForwardedFor);
        for (peer, lines, expected) in [
            // No proxy, or one that is not ours: what it says is nothing.
            ("192.0.2.7", &[][..], Some("192.0.2.7")),
            ("192.0.2.7", &["198.51.100.1"], Some("192.0.2.7")),
            ("10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("::ffff:10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("2001:db8:ffff::1", &["2001:db8:1::1"], Some("2001:db8:1::1")),
            // What the client made up stands before what the proxies saw.
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"], Some("198.51.100.1")),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.1", "10.0.0.2"], Some("198.51.100.1")),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1:4711"], Some("198.51.100.1")),
            ("10.0.0.1", &["[2001:db8:1::1]:4711"], Some("2001:db8:1::1")),
            // A client of the inner network.
            ("10.0.0.1", &["192.168.1.4"], Some("192.168.1.4")),
            // The proxy's own requests, and what nobody can tell.
            ("10.0.0.1", &[], None),
            ("10.0.0.1", &["10.0.0.2"], None),
            ("10.0.0.1", &["198.51.100.1, unknown"], None),
            ("10.0.0.1", &[""], None),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(found(&proxies, peer, &lines), expected.map(client), "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        let proxies = proxies(ForwardedHeader::Forwarded);
        for (line, expected) in [
            ("for=198.51.100.1", Some("198.51.100.1")),
            ("For=\"198.51.100.1:80\";proto=https;by=10.0.0.1", Some("198.51.100.1")),
            ("proto=https; for=\"[2001:db8:1::1]:4711\"", Some("2001:db8:1::1")),
            ("for=\"[2001:db8:1::1]\"", Some("2001:db8:1::1")),
            ("for=203.0.113.9, for=198.51.100.1", Some("198.51.100.1")),
            // A quote that a client left open.
            ("for=\"203.0.113.9, for=198.51.100.1", Some("198.51.100.1")),
            ("for=_hidden", None),
            ("proto=https", None),
        ] {
            let found = found(&proxies, "10.0.0.1", &[("forwarded", line)]);
            assert_eq!(found, expected.map(client), "{line}");
        }
        let other = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(found(&proxies, "10.0.0.1", &other), Some(client("198.51.100.1")));
    }

    #[test]
    fn a_proxy_that_nobody_named_does_not_answer_for_all() {
        for (peer, lines, is_counted) in [
            ("127.0.0.1", &[][..], true),
            ("127.0.0.1", &[("x-forwarded-for", "198.51.100.1")], false),
            ("172.16.4.2", &[("forwarded", "for=198.51.100.1")], false),
            ("fd00::2", &[("via", "1.1 cache")], false),
            ("203.0.113.9", &[("x-forwarded-for", "198.51.100.1")], true),
        ] {
            let found = found(&Proxies::default(), peer, lines);
            assert_eq!(found, is_counted.then(|| client(peer)), "{peer} {lines:?}");
        }
    }
}
