// Say on the page that a passkey failed: allauth's script only reports it as an event.
document.addEventListener("allauth.error", (event) => {
  const words = document.getElementById("passkey-failed");
  if (words) {
    event.preventDefault();
    words.hidden = false;
  }
});
