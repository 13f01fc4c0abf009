from django.urls import path

from dinh.documents.views import (
    devices,
    evidence,
    exports,
    metadata,
    on_paper,
    outgoing_acts,
    proofs,
    recipients,
    signatures,
)
from dinh.documents.views import outgoing as views

urlpatterns = [
    path("outgoing/", views.outgoing_list, name="outgoing_list"),
    path("outgoing/on-paper/", on_paper.outgoing_on_paper, name="outgoing_on_paper"),
    path("outgoing/list.<str:ending>", exports.outgoing_export, name="outgoing_export"),
    path("outgoing/to-sign/", outgoing_acts.signing_tray, name="signing_tray"),
    path("outgoing/to-issue/", outgoing_acts.issuing_tray, name="issuing_tray"),
    path("outgoing/device/<uuid:batch>/", devices.device_page, name="device"),
    path("outgoing/device/<uuid:session_id>/finish/", devices.device_finish, name="device_finish"),
    path("outgoing/proofs/", proofs.awaited, name="awaited_proofs"),
    path("outgoing/proofs/retry/", proofs.retry, name="retry_proofs"),
    path("outgoing/<int:outgoing_id>/", views.outgoing_detail, name="outgoing"),
    path("outgoing/<int:outgoing_id>/evidence/", evidence.outgoing_evidence, name="outgoing_evidence"),
    path("outgoing/<int:outgoing_id>/letter.pdf", views.outgoing_pdf, name="outgoing_pdf"),
    path(
        "outgoing/<int:outgoing_id>/signatures/", signatures.outgoing_signatures, name="outgoing_signatures"
    ),
    path("outgoing/<int:outgoing_id>/recipients/", recipients.recipient_states, name="recipient_states"),
    path("outgoing/<int:outgoing_id>/recipients/further/", recipients.further, name="recipients_further"),
    path("outgoing/<int:outgoing_id>/recipients/recall/", recipients.recall, name="recipients_recall"),
    path("outgoing/<int:outgoing_id>/recipients/posted/", recipients.posted, name="recipients_posted"),
    path("outgoing/<int:outgoing_id>/recipients/remind/", recipients.remind, name="recipients_remind"),
    path("outgoing/<int:outgoing_id>/metadata/", metadata.outgoing_metadata_page, name="outgoing_metadata"),
    path("outgoing/<int:outgoing_id>/scan/", on_paper.outgoing_scan, name="outgoing_scan"),
    path("outgoing/<int:outgoing_id>/<slug:act>/", outgoing_acts.outgoing_act, name="outgoing_act"),
]
