//! Links: what an answer tells that other operations take, so that a program that reads the document
//! can go from a list to what it lists, and from a question to the local answer.
//!
//! <https://spec.openapis.org/oas/v3.1.1.html#link-object>

use utoipa::openapi::{OpenApi, RefOr, link::Link};

/// From one operation's answer to another operation.
struct Lead {
    from: &'static str,
    to: &'static str,
    description: &'static str,
    /// Each parameter with the place in the answer that has its value.
    parameters: &'static [(&'static str, &'static str)],
}

const LEADS: &[Lead] = &[
    Lead {
        from: "get_root",
        to: "list_changes",
        description: "What has changed since this answer.",
        parameters: &[("since", "/release")],
    },
    Lead {
        from: "list_guides",
        to: "get_guide",
        description: "The whole of a guide, here the first.",
        parameters: &[("guide", "/items/0/slug")],
    },
    Lead {
        from: "get_guide",
        to: "get_step",
        description: "A step by itself, here the first.",
        parameters: &[("guide", "/slug"), ("step", "/firstStep")],
    },
    Lead {
        from: "get_guide",
        to: "walk_guide",
        description: "The guide, step by step.",
        parameters: &[("guide", "/slug")],
    },
    Lead {
        from: "walk_guide",
        to: "get_step",
        description: "The step at which the walk stands.",
        parameters: &[("guide", "/guide/slug"), ("step", "/current/slug")],
    },
    Lead {
        from: "list_documents",
        to: "get_document",
        description: "A document with all that belongs to it, here the first.",
        parameters: &[("document", "/items/0/slug")],
    },
    Lead {
        from: "get_document",
        to: "locate",
        description: "Who keeps the document, in a commune.",
        parameters: &[("document", "/slug")],
    },
    Lead {
        from: "list_services",
        to: "get_service",
        description: "A service by itself, here the first.",
        parameters: &[("service", "/items/0/slug")],
    },
    Lead {
        from: "suggest_communes",
        to: "get_commune",
        description: "What a commune belongs to, here the first.",
        parameters: &[("insee", "/items/0/code"), ("kind", "/items/0/kind")],
    },
    Lead {
        from: "suggest_communes",
        to: "locate",
        description: "Who keeps a document, in a commune, here the first.",
        parameters: &[("commune", "/items/0/code"), ("kind", "/items/0/kind")],
    },
    Lead {
        from: "get_commune",
        to: "locate",
        description: "Who keeps a document, in the commune.",
        parameters: &[("commune", "/code"), ("kind", "/kind")],
    },
    Lead {
        from: "locate",
        to: "get_document",
        description: "The document.",
        parameters: &[("document", "/document/slug")],
    },
    Lead {
        from: "list_releases",
        to: "get_release",
        description: "What a release changed, here the newest.",
        parameters: &[("id", "/items/0/id")],
    },
    Lead {
        from: "list_releases",
        to: "list_changes",
        description: "What has changed since a release, here the newest.",
        parameters: &[("since", "/items/0/id")],
    },
];

/// Adds the links to a document.
pub(super) fn add(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().filter_map(|item| item.get.as_mut()) {
        let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { continue };
        let from = operation.operation_id.as_deref();
        for lead in LEADS.iter().filter(|lead| from == Some(lead.from)) {
            answer.links.insert(lead.to.to_owned(), RefOr::T(lead.link()));
        }
    }
}

impl Lead {
    fn link(&self) -> Link {
        let link = Link::builder().operation_id(self.to).description(self.description);
        let link = self.parameters.iter().fold(link, |link, (name, place)| {
            link.parameter(*name, format!("$response.body#{place}"))
        });
        link.build()
    }
}
