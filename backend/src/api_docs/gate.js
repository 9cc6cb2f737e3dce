// Turns the session of this browser into a pass for Swagger UI, and loads the page again.
(async () => {
  const say = (text) => {
    document.getElementById("state").textContent = text;
  };
  try {
    if (location.search === "?admitted") {
      say("This browser does not keep cookies, so the page cannot open.");
      return;
    }
    const ask = (path, headers) => fetch(path, { method: "POST", headers });
    const session = await ask("/api/v1/session/refresh", { "X-Orderbridge": "1" });
    if (!session.ok) {
      say("The description of the API is for admins: sign in to orderbridge, then load this page again.");
      return;
    }
    const { access_token } = await session.json();
    const pass = await ask("/api/v1/session/api-docs", { Authorization: `Bearer ${access_token}` });
    if (!pass.ok) {
      say("The description of the API is for admins, and you are signed in as somebody else.");
      return;
    }
    location.replace("/swagger-ui/?admitted");
  } catch {
    say("orderbridge does not answer. Load this page again in a moment.");
  }
})();
