import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** java Verify.java ROOT LEAF TENANT REGION: does the JDK's own path validation take this chain? */
public class Verify {
	public static void main(String[] files) throws Exception {
		CertificateFactory factory = CertificateFactory.getInstance("X.509");
		List<X509Certificate> chain = new ArrayList<>();
		for (String file : files) {
			try (InputStream in = new FileInputStream(file)) {
				chain.add((X509Certificate) factory.generateCertificate(in));
			}
		}
		PKIXParameters with = new PKIXParameters(Set.of(new TrustAnchor(chain.remove(0), null)));
		with.setRevocationEnabled(false);
		try {
			CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(chain), with);
		} catch (java.security.cert.CertPathValidatorException e) {
			System.out.println("refused: " + e.getMessage());
			System.exit(1);
		}
		System.out.println("accepted");
	}
}
