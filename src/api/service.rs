//! The service as connections meet it: rendered pages at once, all else by the routes.
//!
//! What is asked for again and again is answered here, by a lookup and a write. What no page depends
//! on, such as the request's id, is added here too, to every answer.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, HttpBody},
    http::{Request, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use sync_wrapper::SyncWrapper;
use tower::{BoxError, ServiceExt as _, util::BoxCloneSyncService};

use super::{
    App,
    answer::Draft,
    deprecation,
    edge::{
        self,
        rate::Verdict,
        timing::{self, SERVER_TIMING, Served},
    },
    metrics::Route,
    pages::{Asked, Page},
    problem::{Code, Problem},
    request_id::RequestId,
    settings::Settings,
    tags,
};

/// The routes, with all that stands before them.
pub(super) type Routes = BoxCloneSyncService<Request<Body>, Response, Infallible>;

/// What answers requests. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    app: App,
    routes: Routes,
}

/// What the routes answered.
struct Routed {
    route: Route,
    draft: Option<Draft>,
    response: Response,
}

/// An answer, and how it came about.
struct Answered {
    route: Route,
    /// Whether it was rendered before, if it is a page.
    served: Option<Served>,
    response: Response,
}

impl Service {
    /// Pages before these routes.
    pub(super) fn new(app: App, routes: Routes) -> Self {
        Self(Arc::new(Inner { app, routes }))
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.app.settings
    }

    /// Answers a request.
    pub async fn answer<B>(self, mut request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let app = &self.0.app;
        let started = Instant::now();
        let method = request.method().clone();
        let id = RequestId::of(request.headers());
        let verdict = app.guard.check(&request);
        let is_refused = verdict.as_ref().is_some_and(Verdict::is_refusal);
        let asked = match is_refused {
            false => Asked::of(&method, request.uri(), request.headers(), (app.clock)()),
            true => None,
        };
        let page = match &asked {
            Some(asked) => app.pages.get(&asked.target).await,
            None => None,
        };
        let Answered { route, served, mut response } = match (&asked, page) {
            (Some(asked), Some(page)) if self.will_do(&page, asked) => {
                self.respond(&page, asked, Served::Hit)
            }
            (asked, page) => {
                request.headers_mut().insert(RequestId::HEADER, id.0.clone());
                if let Some(verdict) = verdict {
                    request.extensions_mut().insert(verdict);
                }
                // Boxed, for the future of a hit to be small: it is moved for every request.
                Box::pin(self.find_out(asked.as_ref(), page, request.map(Body::new))).await
            }
        };
        let elapsed = started.elapsed();
        if let Some(tally) = app.metrics.requests.tally(&route, &method, response.status()) {
            tally.record(elapsed);
        }
        let headers = response.headers_mut();
        headers.insert(RequestId::HEADER, id.0);
        headers.insert(SERVER_TIMING, timing::header(elapsed, served));
        if let Some(verdict) = verdict {
            app.guard.tell(verdict, headers);
        }
        response
    }

    /// Whether a page answers a request.
    fn will_do(&self, page: &Page, asked: &Asked) -> bool {
        page.has(asked.coding) && self.holds(page, asked)
    }

    /// Whether a page says what is public.
    fn holds(&self, page: &Page, asked: &Asked) -> bool {
        page.holds(|release| self.0.app.live.is_current(release), asked.now)
    }

    fn respond(&self, page: &Page, asked: &Asked, served: Served) -> Answered {
        let response = page.respond(asked, &self.0.app.settings);
        Answered { route: page.route().clone(), served: Some(served), response }
    }

    /// Answers what no page does as it is.
    async fn find_out(
        &self,
        asked: Option<&Asked>,
        page: Option<Arc<Page>>,
        request: Request<Body>,
    ) -> Answered {
        let Some(asked) = asked else { return self.route(None, request).await.whole() };
        let rendered = match page {
            // It was wanted often enough to be there: one renders it anew, and the others wait.
            Some(_) => {
                let will_do = |page: &Page| self.will_do(page, asked);
                let render = async |page| {
                    self.render_again(page, asked, request).await.map_err(SyncWrapper::new)
                };
                let replaced = self.0.app.pages.replaced(&asked.target, will_do, render).await;
                replaced.map_err(SyncWrapper::into_inner)
            }
            None => {
                let rendered = self.render(asked, request).await;
                if let Ok(page) = &rendered
                    && page.is_worth_keeping()
                {
                    self.0.app.pages.put(&asked.target, Arc::clone(page)).await;
                }
                rendered.map(Some)
            }
        };
        match rendered {
            Ok(Some(page)) => self.respond(&page, asked, Served::Miss),
            Ok(None) => Routed::failed(&io::Error::other("the page is gone")).whole(),
            Err(routed) => routed.whole(),
        }
    }

    /// Renders what a page lacks, or the whole page if it holds no more.
    async fn render_again(
        &self,
        page: Option<Arc<Page>>,
        asked: &Asked,
        request: Request<Body>,
    ) -> Result<Arc<Page>, Box<Routed>> {
        let Some(page) = page.filter(|page| self.holds(page, asked)) else {
            return self.render(asked, request).await;
        };
        let page = Arc::unwrap_or_clone(page).encoded(asked.coding).await;
        page.map(Arc::new).map_err(|error| Routed::failed(&error))
    }

    /// Renders an answer; gives it back if it is no page.
    async fn render(
        &self,
        asked: &Asked,
        request: Request<Body>,
    ) -> Result<Arc<Page>, Box<Routed>> {
        let routed = self.route(Some(asked), request).await;
        let (Some(draft), StatusCode::OK) = (&routed.draft, routed.response.status()) else {
            return Err(Box::new(routed));
        };
        let page = Page::new(routed.route, routed.response, draft, &self.0.app.settings);
        let page = match page {
            Ok(page) => page.encoded(asked.coding).await,
            Err(error) => Err(error),
        };
        page.map(Arc::new).map_err(|error| Routed::failed(&error))
    }

    /// Asks the routes, and adds what follows from the question.
    async fn route(&self, asked: Option<&Asked>, request: Request<Body>) -> Routed {
        let methods = edge::methods_of(&request);
        let Ok(mut response) = self.0.routes.clone().oneshot(request).await;
        let extensions = response.extensions_mut();
        let route: Route = extensions.remove().unwrap_or_default();
        let draft = extensions.remove();
        edge::tell_methods(methods, &mut response);
        if let Some(path) = route.path() {
            deprecation::tell(path, response.headers_mut());
            if let Some(asked) = asked {
                tags::tell(&asked.target, &mut response);
            }
        }
        Routed { route, draft, response }
    }
}

impl Routed {
    /// What failed on our side.
    fn failed(error: &io::Error) -> Box<Self> {
        tracing::error!(%error, "an answer can't be rendered");
        let response = Problem::of(Code::Internal).into_response();
        Box::new(Self { route: Route::default(), draft: None, response })
    }

    /// The answer as it is, with its body.
    fn whole(self) -> Answered {
        let Self { route, draft, mut response } = self;
        if let Some(Draft { body, .. }) = draft {
            response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
            *response.body_mut() = Body::from(body);
        }
        Answered { route, served: None, response }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

impl<B> tower::Service<Request<B>> for Service
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answered = self.clone().answer(request);
        Box::pin(async { Ok(answered.await) })
    }
}
