//! What there is to ask, and the layers around it.

use std::any::Any;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::{INTERNAL, Problem, ProblemKind};
use crate::state::ServerState;
use crate::{
    access, annotations, app, boards, changes, checks, conditional, demo, drilldown, erasures,
    events, export, fact_sets, health, import, keeping, live, messages, notes, observe, openapi,
    paths, prices, queries, query, registry, releases, segments, sessions, settings, sources,
    text_mode, under, views,
};

/// Every path with its handler and its description.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    let reading = OpenApiRouter::new()
        .routes(routes!(openapi::show))
        .routes(routes!(registry::metrics))
        .routes(routes!(registry::metric))
        .routes(routes!(registry::dimensions))
        .routes(routes!(registry::profiles))
        .routes(routes!(prices::show, prices::set))
        .routes(routes!(settings::show, settings::set))
        .routes(routes!(sources::list))
        .routes(routes!(demo::show, demo::clear))
        .routes(routes!(views::list))
        .routes(routes!(views::show, views::set, views::remove))
        .routes(routes!(boards::list))
        .routes(routes!(boards::show, boards::set, boards::remove))
        .routes(routes!(annotations::list, annotations::add))
        .routes(routes!(annotations::set, annotations::remove))
        .routes(routes!(segments::list))
        .routes(routes!(segments::show, segments::set, segments::remove))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::one))
        .routes(routes!(messages::list))
        .routes(routes!(notes::list, notes::add))
        .routes(routes!(notes::set, notes::remove))
        .routes(routes!(notes::give_label, notes::take_label))
        .routes(routes!(notes::labels))
        .routes(routes!(under::under))
        .layer(from_fn(conditional::conditional));
    OpenApiRouter::with_openapi(crate::openapi::Description::openapi())
        .routes(routes!(events::post))
        .routes(routes!(import::post))
        .routes(routes!(query::post))
        .routes(routes!(queries::post))
        .routes(routes!(query::drivers))
        .routes(routes!(drilldown::post))
        .routes(routes!(fact_sets::list, fact_sets::change))
        .routes(routes!(fact_sets::preview))
        .routes(routes!(fact_sets::remove))
        .routes(routes!(erasures::list, erasures::erase_users))
        .routes(routes!(erasures::preview))
        .routes(routes!(keeping::show, keeping::set))
        .routes(routes!(keeping::preview))
        .routes(routes!(text_mode::show, text_mode::set))
        .routes(routes!(text_mode::set_source))
        .routes(routes!(query::retention))
        .routes(routes!(live::show))
        .routes(routes!(checks::reported))
        .routes(routes!(releases::list, releases::set))
        .routes(routes!(paths::paths))
        .routes(routes!(paths::flows))
        .routes(routes!(paths::funnel))
        .routes(routes!(paths::lift))
        .routes(routes!(paths::topics))
        .routes(routes!(export::get, export::post))
        .routes(routes!(changes::listen))
        .merge(reading)
        .merge(access_routes())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

/// The paths under which people sign in, are invited and given keys.
fn access_routes() -> OpenApiRouter<ServerState> {
    use access::{audit, keys, links, mail, me, people, shares, sign_in};
    OpenApiRouter::new()
        .routes(routes!(me::show, me::change))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(links::look))
        .routes(routes!(links::accept))
        .routes(routes!(people::list))
        .routes(routes!(people::set, people::remove))
        .routes(routes!(people::reset))
        .routes(routes!(people::invite))
        .routes(routes!(people::uninvite))
        .routes(routes!(keys::list, keys::make))
        .routes(routes!(keys::remove))
        .routes(routes!(shares::list, shares::make))
        .routes(routes!(shares::remove))
        .routes(routes!(audit::list))
        .routes(routes!(mail::show, mail::set))
        .routes(routes!(mail::test))
        .routes(routes!(mail::forgotten))
}

/// The whole interface. Requests pass the layers from the last to the first.
pub fn router(state: ServerState) -> Router {
    let (routes, _) = routes().split_for_parts();
    within_layers(routes.fallback(app::serve), state)
}

fn within_layers(routes: Router<ServerState>, state: ServerState) -> Router {
    routes
        .layer(from_fn_with_state(state.clone(), access::guard::check))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .with_state(state)
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason was given");
    tracing::error!(panic = text, "a handler panicked; please report this");
    Problem::new(ProblemKind::Internal, INTERNAL).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt;
    use upshot_lake::{Lake, LakeOptions};
    use upshot_metrics::{Engine, EngineOptions};
    use upshot_store::Store;

    use super::*;
    use crate::options::ServerOptions;

    async fn handler() -> &'static str {
        panic!("a secret of the server")
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let clock: upshot_lake::engine::Clock = Arc::new(|| 0);
        let lake = Lake::open(LakeOptions::new(folder.path(), clock.clone()))
            .await
            .unwrap();
        let engine = Engine::new(EngineOptions::default()).unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let state = ServerState::new(lake, engine, store, ServerOptions::new(clock));
        let router = within_layers(Router::new().route("/panic", get(handler)), state);
        let request = Request::get("/panic").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains("urn:upshot:problem:internal"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
