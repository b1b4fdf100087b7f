"""What the labels of bills say, in English, German, French, Spanish, Italian and Malay.

Phrases are told without accents; how they are compared, `ocr_doc.fields.labels` says.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a label says about what stands beside it."""

    FINAL = "what is to be paid"
    TOTAL = "a sum, mostly what is to be paid"
    SUBTOTAL = "a sum before something"
    INCLUSIVE = "with tax"
    EXCLUSIVE = "without tax"
    TAX = "tax"
    ROUNDING = "rounding"
    PAID = "money given"
    CHANGE = "money given back"
    DISCOUNT = "money off"
    COUNT = "a number of things"
    SERVICE = "a charge"
    SUMMARY = "the table of taxes"
    AMOUNT = "a sum of any kind; heads of columns"
    PRICE = "price of one; heads of columns"
    DESCRIPTION = "what was bought; heads of columns"
    DATE = "the bill's date"
    OTHER_DATE = "some other date"
    NUMBER = "the bill's number"
    OTHER_NUMBER = "a number of something else"
    TITLE = "names the kind of document"
    CUSTOMER = "who gets the bill"
    CONTACT = "telephone, mail"
    GREETING = "courtesy"


# Of each kind the English ones first, then German, French, Spanish, Italian and Malay.
PHRASES: dict[Kind, str] = {
    Kind.FINAL: """
        grand total; total due; amount due; total amount due; balance due; total payable; amount payable;
        total amt payable; net total; nett total; net amt; total rounded; rounded total; total after rounding;
        total to pay; amount to be paid; final total; total after adj; amount to pay; total after discount;
        bill total; invoice total; total rounding; total amount payable; please pay; due; net payable;
        net amount payable; total nett; amount paid incl; gesamtbetrag; gesamtsumme; endbetrag; endsumme;
        rechnungsbetrag; rechnungssumme; zu zahlen; zu zahlender betrag; zahlbetrag; bruttosumme; bruttobetrag;
        summe brutto; gesamt brutto; gesamtbetrag brutto; rechnungsendbetrag; total brutto; total ttc; net a payer;
        montant a payer; total a payer; montant ttc; montant total ttc; total general; a payer;
        total toutes taxes comprises; montant total; solde a payer; total eur ttc; reste a payer; total a pagar;
        importe total; total factura; importe a pagar; total con iva; a pagar; total iva incluido;
        totale complessivo; totale da pagare; totale fattura; totale euro; importo totale; netto a pagare;
        totale documento; importo da pagare; totale ivato; totale generale; da pagare; jumlah besar;
        jumlah keseluruhan; jumlah perlu dibayar; jumlah akhir; amaun perlu dibayar; jumlah bersih; jumlah genap;
        jumlah selepas pembundaran; perlu dibayar
    """,
    Kind.TOTAL: """
        total; total amount; total amt; total sales; total bill; total price; total gross; total supplies;
        total value; summe; gesamt; gesamtpreis; total eur; total chf; total facture; totale; jumlah; jumlah harga;
        suma; somme
    """,
    Kind.SUBTOTAL: """
        subtotal; sub total; sub ttl; gross amt; gross amount; gross total; nett of tax; taxable amount;
        total before tax; zwischensumme; positionssumme; summe ohne ust; rechnungssumme ohne ust; nettobetrag;
        nettosumme; summe netto; gesamt netto; nettowert; warenwert; gesamtbetrag netto; total netto; sous total;
        total ht; montant ht; total hors taxe; total hors taxes; base ht; net ht; montant net ht; base imponible;
        total sin iva; neto; subtotale; imponibile; totale imponibile; totale netto; base imponibile; jumlah kecil;
        subjumlah; jumlah sebelum cukai
    """,
    Kind.INCLUSIVE: """
        incl; inc; inclusive; including; includes; included; with gst; inclgst; incgst; inclusive of; ttc; inkl;
        brutto; inklusive; einschliesslich; comprises; taxes comprises; tva comprise; incluido; iva incluido;
        con iva; compresa; iva compresa; iva inclusa; di cui; termasuk; after tax
    """,
    Kind.EXCLUSIVE: """
        excl; exc; exclusive; excluding; excluded; without; before tax; before gst; exclgst; excgst; exkl; netto;
        zzgl; ohne mwst; hors taxe; hors taxes; sin iva; senza iva; esclusa; iva esclusa; tidak termasuk;
        sebelum cukai
    """,
    Kind.TAX: """
        tax; gst; vat; sst; hst; sales tax; service tax; svr tax; gov tax; total tax; total gst; tax total;
        gst payable; gst amount; tax amount; vat amount; total vat; gst amt; gst paid; tax amt; govt tax; mwst; ust;
        mehrwertsteuer; umsatzsteuer; steuer; steuerbetrag; mwst betrag; gesamt mwst; summe mwst; summe ust; tva;
        taxe; montant tva; total tva; montant de la tva; dont tva; iva; impuesto; impuestos; cuota iva; total iva;
        igic; imposta; totale iva; importo iva; cukai; cukai jualan; cukai perkhidmatan; jumlah cukai
    """,
    Kind.ROUNDING: """
        rounding; rounding adj; rounding adjustment; rounding adjustments; round adj; round adjustment; round;
        round amt; roundoff; round off; adjustment; bill rounding; rounding mechanism; rundung; rundungsdifferenz;
        arrondi; redondeo; arrotondamento; pembundaran; pelarasan; pelarasan pembundaran; pelarasan penggenapan;
        penggenapan; bundaran
    """,
    Kind.PAID: """
        cash; cash received; cash tendered; tendered; tender; visa; master; mastercard; master card; credit card;
        debit; debit card; card; amount paid; paid; paid amount; payment; amex; edc; cheque; total paid;
        cash payment; credit; deposit; prepay; pay; cash rm; bank transfer; total amount collected; paypal;
        e wallet; touch n go; grabpay; received; bar; barzahlung; gegeben; bar gegeben; kartenzahlung; karte;
        ec karte; girocard; ec cash; bezahlt; erhalten; barbetrag; especes; carte bancaire; cb; carte; regle;
        regle par; reglement; paye; cheques; carte bleue; montant regle; efectivo; tarjeta; entregado; entrega;
        pagado; recibido; contanti; contante; bancomat; carta di credito; pagato; pagamento contante;
        pagamento elettronico; importo pagato; tunai; kad; bayaran; kad kredit; bayaran tunai; diterima; wang tunai;
        dibayar
    """,
    Kind.CHANGE: """
        change; change due; cash change; change amt; change amount; your change; balance change; change given;
        ruckgeld; rueckgeld; wechselgeld; zuruck; rendu; rendu monnaie; monnaie rendue; a rendre; monnaie; cambio;
        su cambio; vuelto; resto; baki; wang baki; baki tunai
    """,
    Kind.DISCOUNT: """
        discount; disc; discounts; total discount; saving; savings; total saving; total savings; you saved; voucher;
        promotion; rebate; less; total item discount; member discount; coupon; off; discount amount; rabatt;
        gesamtbetrag der abschlage; nachlass; skonto; ersparnis; gutschein; remise; reduction; rabais; descuento;
        dto; ahorro; sconto; diskaun; potongan; jimat; penjimatan
    """,
    Kind.COUNT: """
        qty; quantity; items; total qty; total quantity; total items; total item; item count; no of items; points;
        pax; total points; pcs; number of items; points awarded; main item count; qtys; item s; items count; units;
        total units; anzahl; menge; stuck; stueck; anzahl artikel; artikelanzahl; punkte; qte; quantite; articles;
        nombre d articles; nb articles; cantidad; cant; unidades; articulos; uds; num articulos; total unidades;
        quantita; qta; pezzi; numero pezzi; num pezzi; kuantiti; bilangan; kuant; jumlah kuantiti; jumlah item; bil;
        jumlah barang
    """,
    Kind.SERVICE: """
        service charge; service chrg; serv charge; svc charge; svr charge; svc; service chg; delivery; shipping;
        tip; gratuity; bedienung; gesamtbetrag der zuschlage; trinkgeld; versand; versandkosten; service;
        frais de port; livraison; pourboire; servicio; envio; propina; gastos de envio; coperto; servizio;
        spedizione; spese di spedizione; caj perkhidmatan; caj penghantaran
    """,
    Kind.SUMMARY: """
        gst summary; tax summary; gst analysis; tax analysis; vat summary; vat analysis; tax code; sst summary;
        tax details; summary; gst code; gst details; tax breakdown; vat rate; steuersatz; steuerubersicht;
        mwst satz; taux tva; detail tva; ventilation tva; desglose iva; tipo iva; riepilogo iva; aliquota;
        ringkasan cukai; ringkasan gst; kod cukai
    """,
    Kind.AMOUNT: """
        amount; amt; sum; value; amount rm; amt rm; line total; ext price; extension; betrag; wert; gesamt eur;
        montant; prix total; valeur; importe; importo; valore; amaun; nilai
    """,
    Kind.PRICE: """
        price; unit price; u price; s price; up; rate; unit; each; price rm; unit cost; retail price; preis;
        einzelpreis; stuckpreis; stueckpreis; e preis; ep; prix; prix unitaire; pu; p u; pu ht; precio;
        precio unitario; p unit; prezzo; prezzo unitario; harga; harga seunit; seunit
    """,
    Kind.DESCRIPTION: """
        description; desc; item; items description; product; particulars; article; item description; goods;
        code desc; bezeichnung; beschreibung; artikel; artikelbezeichnung; leistung; pos; position; designation;
        libelle; produit; produits; reference; descripcion; concepto; producto; articulo; descrizione; prodotto;
        articolo; keterangan; perkara; butiran; barang; perihal; produk
    """,
    Kind.DATE: """
        date; invoice date; inv date; bill date; receipt date; date of issue; dated; sales date; order date;
        bizdate; bill dt; inv dt; issue date; transaction date; trans date; tax date; date time; dt; dd;
        date of invoice; business date; trx date; datum; rechnungsdatum; belegdatum; ausstellungsdatum; vom;
        rechnungs datum; date de facture; date facture; date du; le; date d emission; facture du; emise le; fecha;
        fecha factura; fecha de factura; fecha emision; fecha de emision; data; data fattura; data documento;
        data emissione; tarikh; tarikh invois; tarikh resit; tarikh bil
    """,
    Kind.OTHER_DATE: """
        due date; payment due; expiry; expiry date; card expiry; expires; valid until; valid till; valid thru;
        delivery date; best before; ship date; date of birth; exp; exp date; since; printed on; print date; before;
        not later than; member since; entry time; due on; due by; act; shipping date; service date; period;
        effective; falligkeit; fallig am; faellig am; falligkeitsdatum; faelligkeitsdatum; zahlbar bis; lieferdatum;
        leistungsdatum; gultig bis; geburtsdatum; bestelldatum; auftragsdatum; zahlungsziel; leistungszeitraum;
        lieferzeitraum; liefertermin; zeitraum; bis zum; echeance; date d echeance; date echeance;
        date de livraison; valable jusqu; date limite; livraison le; date de commande; date de naissance;
        fecha de vencimiento; vencimiento; fecha vencimiento; valido hasta; fecha de entrega; fecha caducidad;
        scadenza; data scadenza; data consegna; data di nascita; tarikh luput; tarikh tamat; tarikh akhir;
        sah sehingga
    """,
    Kind.NUMBER: """
        invoice no; invoice number; inv no; tax invoice no; receipt no; receipt number; bill no; document no;
        doc no; invoice; inv; receipt; slip no; cash bill no; bill number; invoice id; invoice nr; cb; trn;
        trans no; transaction no; rcpt no; bill; tax invoice; check no; cash bill; cash inv no; receipt id; doc;
        docno; trx no; ref no; order no; order number; rechnungsnummer; handelsrechnung nr; rechnungsnr;
        rechnung nr; rechnung; rechnungs nr; belegnummer; beleg nr; belegnr; bon nr; bonnr; re nr; kassenbon nr;
        beleg; rechnung nummer; facture no; facture n; numero de facture; facture; no facture; n facture; ticket no;
        numero facture; ticket; facture numero; factura no; numero de factura; factura; num factura; n factura;
        factura n; no factura; factura num; ticket num; fattura n; numero fattura; fattura; fattura nr; documento n;
        scontrino n; numero documento; doc n; documento nr; fattura no; no invois; no resit; nombor invois; invois;
        resit; no bil; no dokumen; nombor resit; invois no; resit no; credit note no; credit note number;
        rechnungskorrektur nr; rechnungskorrektur; stornorechnung nr; gutschrift nr; gutschriftsnummer; avoir n;
        numero d avoir; nota de credito; nota di credito n
    """,
    Kind.OTHER_NUMBER: """
        gst id; gst no; gst reg no; gst id no; gst reg; tax id; tax no; vat no; vat id; company no; co no; co reg;
        co reg no; reg no; roc; registration no; gst registration no; company reg no; br no; tax reg id; brn;
        member; member no; member card no; card no; account no; acc no; customer no; customer id; site; terminal;
        table; table no; cashier; counter; operator; pos no; pos; token; approval code; trace; batch; merchant; tid;
        mid; po no; job no; gst; business reg no; sst no; sst id; sst reg no; ref; salesperson; staff; waiter;
        server; store; room no; queue no; barcode; service tax no; iban; bic; swift; ein; abn; customer; ustid;
        ust idnr; steuernummer; st nr; steuernr; kundennummer; kundennr; kunden nr; kasse; bediener; hrb;
        handelsregister; tisch; bestellnummer; bestellnr; auftragsnummer; lieferschein; lieferscheinnummer; ust id;
        konto; blz; amtsgericht; ident nr; artikelnummer; siret; siren; rcs; tva intracommunautaire; n client;
        code client; caisse; n tva; naf; ape; numero client; commande; no client; ice; nif; cif; no cliente; caja;
        mesa; num cliente; numero de cliente; pedido; albaran; partita iva; p iva; piva; codice fiscale;
        cod fiscale; cassa; tavolo; codice cliente; ordine; no cukai; no pendaftaran; no syarikat; no gst; no ahli;
        juruwang; kaunter; meja; no sst; no pelanggan; no akaun
    """,
    Kind.TITLE: """
        tax invoice; invoice; receipt; simplified tax invoice; cash bill; cash receipt; official receipt; bill;
        cash sale; cash sales; sales receipt; credit note; statement; order; guest check; adjustment note; copy;
        duplicate; sales invoice; rechnung; quittung; kassenbon; beleg; kassenbeleg; gutschrift; lieferschein;
        bewirtungsbeleg; facture; ticket; recu; ticket de caisse; note; avoir; factura; recibo;
        factura simplificada; ticket de compra; fattura; scontrino; ricevuta; documento commerciale;
        ricevuta fiscale; invois; resit; bil; invois cukai; resit rasmi; bil tunai
    """,
    Kind.CUSTOMER: """
        bill to; invoice to; sold to; ship to; billed to; customer; customer name; deliver to; attn; buyer;
        attention; to; bill to party; kunde; rechnung an; rechnungsempfanger; empfanger; lieferanschrift;
        rechnungsanschrift; kaufer; auftraggeber; facture a; client; livre a; adresse de facturation;
        adresse de livraison; destinataire; cliente; facturar a; enviar a; datos cliente; spett le; spettabile;
        destinatario; intestatario; kepada; pelanggan; pembeli; dibilkan kepada
    """,
    Kind.CONTACT: """
        tel; tel no; telephone; telephone no; phone; fax; fax no; email; e mail; mobile; hp; hotline; www; http;
        https; website; whatsapp; careline; customer service; telefon; telefax; mobil; internet; web; telefono;
        movil; fon; courriel; cellulare; talian; no tel; no telefon; contact; contact no; tlf; portable; gsm; faks;
        sito
    """,
    Kind.GREETING: """
        thank you; thanks; please come again; welcome; welcome to; tq; thank; goods sold; come again;
        have a nice day; visit; vielen dank; danke; willkommen; herzlich willkommen; merci; bienvenue;
        merci de votre visite; au revoir; gracias; bienvenido; bienvenidos; gracias por su visita; grazie;
        benvenuti; arrivederci; grazie e arrivederci; terima kasih; selamat datang; sila datang lagi; not a receipt;
        customer copy; merchant copy; shopping hours; opening hours; business hours; store hours; returns; refund
    """,
}
