// Shows the description of the API.
const place = document.getElementById("api");
window.SwaggerUIBundle({ url: place.dataset.description, domNode: place, validatorUrl: null, deepLinking: true, docExpansion: "none" });
