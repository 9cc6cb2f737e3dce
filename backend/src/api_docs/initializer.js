// Shows the API, authorized as whoever is signed in to orderbridge in this browser, if anybody is.
window.onload = () => {
  const authorize = async (ui) => {
    const headers = { "X-Orderbridge": "1" };
    const session = await fetch("/api/v1/session/refresh", { method: "POST", headers });
    if (session.ok) {
      ui.preauthorizeApiKey("bearer", (await session.json()).access_token);
    }
  };
  const ui = SwaggerUIBundle({
    url: "/api-docs/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
    onComplete: () => authorize(ui),
  });
  window.ui = ui;
};
