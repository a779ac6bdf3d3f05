//! Locate: where a document of a commune is kept.

use axum::extract::State;
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterIn},
    },
};

use super::{
    asked::{self, AskedCommune, AskedDate, commune_parameters, date_parameter, slug_schema},
    documents,
    local_answer::{self, LocalAnswer, Question},
};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, Params, Query},
        problem::Problem,
    },
    content::{ids::Slug, period::Days},
};

/// Which document, where and of when.
#[derive(Debug)]
pub struct LocateQuery {
    document: Slug,
    commune: AskedCommune,
    date: Option<AskedDate>,
}

impl IntoParams for LocateQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let document = params::required(
            "document",
            "Slug of the document.",
            slug_schema(),
            "permis-de-construire",
        );
        let commune = commune_parameters(Required::True);
        [document].into_iter().chain(commune).chain([date_parameter()]).collect()
    }
}

impl FromParams for LocateQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let document = asked::slug("document", params.required("document")?)?;
        let commune = AskedCommune::read(params)?;
        Ok(Self {
            document,
            commune: commune.ok_or_else(|| Problem::missing("commune"))?,
            date: params.parsed("date", AskedDate::parse, AskedDate::EXPECTED)?,
        })
    }
}

/// Locate a document
///
/// Which public body keeps a document of a commune, over time. The timeline is cut wherever the
/// answer changes; in each segment the most specific territory wins, and equals are all returned.
/// The document's `territorialRule` says which commune to ask for.
#[utoipa::path(
    get, path = "/v1/locate", tag = "locate", operation_id = "locate", params(LocateQuery),
    responses((status = 200, description = "The local answer.", body = LocalAnswer)),
)]
pub async fn locate(
    State(app): State<App>,
    moment: Moment,
    Query(query): Query<LocateQuery>,
) -> Result<Answer<LocalAnswer>, Problem> {
    let question = Question {
        document: documents::find(moment.release(), query.document.as_str())?,
        commune: query.commune.find(app.reference)?,
        asked: query.date.map_or(Days::ALL, AskedDate::days),
    };
    let (answer, policy) = local_answer::answer(question, &moment, app.reference);
    Ok(Answer::with(policy, answer).passing())
}
