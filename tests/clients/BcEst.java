import java.io.FileInputStream;
import java.io.FileWriter;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * java BcEst HOST:PORT LABEL ROOT OPERATION DIR [USER PASSWORD]: Bouncy Castle's EST client.
 *
 * <p>cacerts, csrattrs, serverkeygen; enroll and reenroll keep a key in DIR/key.der (made where there is none) and put
 * the certificate into DIR/cert.pem; reenroll shows DIR/cert.pem. -Dtls=TLSv1.3 or TLSv1.2, -Dsubject=... One line
 * tells how it went; it begins with ok, pending or failed.
 */
public class BcEst {
	private static final String[] SUITES = {
		"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
	};

	private static X509Certificate read(Path file) throws Exception {
		try (InputStream in = new FileInputStream(file.toFile())) {
			return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
	}

	/** The pair in the file and the one beside it; made where there is none. */
	private static KeyPair keys(Path file) throws Exception {
		if (Files.exists(file)) {
			PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(
				new PKCS8EncodedKeySpec(Files.readAllBytes(file)));
			Path pub = Path.of(file + ".pub");
			java.security.PublicKey p = KeyFactory.getInstance("EC").generatePublic(
				new java.security.spec.X509EncodedKeySpec(Files.readAllBytes(pub)));
			return new KeyPair(p, key);
		}
		KeyPairGenerator g = KeyPairGenerator.getInstance("EC");
		g.initialize(new ECGenParameterSpec("secp256r1"));
		KeyPair pair = g.generateKeyPair();
		Files.write(file, pair.getPrivate().getEncoded());
		Files.write(Path.of(file + ".pub"), pair.getPublic().getEncoded());
		return pair;
	}

	private static void save(X509CertificateHolder h, Path to) throws Exception {
		try (Writer out = new FileWriter(to.toFile()); JcaPEMWriter pem = new JcaPEMWriter(out)) {
			pem.writeObject(h);
		}
	}

	private static String enrol(ESTService s, boolean again, KeyPair pair, Path to, ESTAuth auth) throws Exception {
		PKCS10CertificationRequestBuilder request = new JcaPKCS10CertificationRequestBuilder(
			new X500Name(System.getProperty("subject", "CN=bc")), pair.getPublic());
		ContentSigner by = new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate());
		EnrollmentResponse r = s.simpleEnroll(again, request.build(by), auth);
		if (!r.isCompleted()) {
			return "pending " + (r.getNotBefore() - System.currentTimeMillis() + 500) / 1000;
		}
		var all = r.getStore().getMatches(null);
		save(all.iterator().next(), to);
		return "ok certificates=" + all.size();
	}

	private static String act(ESTService s, String operation, Path dir, ESTAuth auth) throws Exception {
		KeyPair pair = keys(dir.resolve("key.der"));
		switch (operation) {
		case "cacerts":
			return "ok certificates=" + s.getCACerts().getCertificateStore().getMatches(null).size();
		case "csrattrs":
			CSRRequestResponse r = s.getCSRAttributes();
			return "ok attributes=" + r.getAttributesResponse().getRequirements();
		case "enroll":
		case "reenroll":
			return enrol(s, operation.equals("reenroll"), pair, dir.resolve("cert.pem"), auth);
		default:
			PKCS10CertificationRequestBuilder b = new JcaPKCS10CertificationRequestBuilder(
				new X500Name("CN=bc"), pair.getPublic());
			ContentSigner by = new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate());
			s.simpleEnrollWithServersideCreation(b.build(by), auth);
			return "ok";
		}
	}

	public static void main(String[] a) throws Exception {
		Security.addProvider(new BouncyCastleProvider());
		Path dir = Path.of(a[4]);
		Set<TrustAnchor> anchors = Set.of(new TrustAnchor(read(Path.of(a[2])), null));
		JsseESTServiceBuilder b = new JsseESTServiceBuilder(a[0], JcaJceUtils.getCertPathTrustManager(anchors, null)[0]);
		b.withTimeout(20000).withTLSVersion(System.getProperty("tls", "TLSv1.3")).addCipherSuites(SUITES);
		b.withLabel(a[1]);
		if (a[3].equals("reenroll")) {
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(null, null);
			store.setKeyEntry("own", keys(dir.resolve("key.der")).getPrivate(), new char[0],
				new Certificate[] { read(dir.resolve("cert.pem")) });
			KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509");
			managers.init(store, new char[0]);
			b.withKeyManagers(managers.getKeyManagers());
		}
		ESTAuth auth = a.length > 6 ? new JcaHttpAuthBuilder(a[5], a[6].toCharArray()).setProvider("BC").build() : null;
		try {
			System.out.println(act(b.build(), a[3], dir, auth));
		} catch (Exception e) {
			Throwable t = e;
			while (t.getCause() != null) {
				t = t.getCause();
			}
			System.out.println("failed: " + t.getMessage());
			System.exit(1);
		}
	}
}
